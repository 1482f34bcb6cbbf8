import CatalogModel
import Foundation
import Invalidation
import LMDB
import Synchronization
import Telemetry
import TestSupport
import Testing

@testable import ReadPath

@Suite("Upkeep of the caches", .serialized, .manyTurns)
struct UpkeepTests {
    private let first: Namespace
    private let second: Namespace

    init() throws {
        first = try Namespace("first")
        second = try Namespace("second")
    }

    @Test("the namespace that was not read for longest goes, and comes back when it is read")
    func leastRecentlyUsed() async throws {
        let database = try await FeedDatabase()
        let replica = try database.replica("a", budget: CacheBudget(maxNamespaces: 2))
        for name in ["default", "first", "second"] { try await database.put(1...3, in: name) }
        #expect(await replica.load())
        #expect(await replica.load(in: first))
        async let waiting = replica.replicator.waiter.wait(
            for: Revision(99), in: .default, timeout: .seconds(10))
        #expect(await replica.load(in: second))
        #expect(await !waiting, "nobody waits for a cache that is gone")
        #expect(replica.caches[.default] == nil)
        #expect(replica.observations.all.contains { $0.isEviction(of: .default) })
        // What is not followed is not counted as behind either.
        try await database.put(1...5)
        try await database.put(1...5, in: "first")
        try await database.expectEqual(replica, namespace: "first")
        demandServers(of: replica)
        #expect(await replica.observations.wait(for: .collectionLoaded, count: 4))
        try await database.expectEqual(replica)
        #expect(replica.caches.count == 2)
        try await database.close(replica)
    }

    @Test("a collection over the whole budget is left to the store, its neighbours stay")
    func overBudget() async throws {
        let database = try await FeedDatabase()
        let replica = try database.replica("a", budget: CacheBudget(maxBytes: 1 << 20))
        try await database.put(1...3)
        let text = String(repeating: "y", count: 4_000)
        try await database.put(1...800, text: text, in: "first")
        demandServers(of: replica, in: first)
        #expect(await replica.observations.wait(for: .collectionOverBudget))
        #expect(await replica.observations.wait(for: .loadFailed))
        #expect(replica.caches[first] == nil)
        #expect(await replica.load())
        demandServers(of: replica, in: first)
        try await database.put(1...5)
        try await database.expectEqual(replica)
        #expect(replica.observations.count(.collectionOverBudget) == 1)
        #expect(!replica.caches.isOverBudget)
        try await database.close(replica)
    }

    @Test("growth by writes is found by the upkeep", .timeLimit(.minutes(1)))
    func growth() async throws {
        let database = try await FeedDatabase()
        let replica = try database.replica("a", budget: CacheBudget(maxBytes: 2 << 20))
        try await database.put(1...3)
        try await database.put(1...3, in: "first")
        #expect(await replica.load(in: first))
        #expect(await replica.load())
        try await database.put(4...800, text: String(repeating: "y", count: 4_000))
        #expect(await replica.observations.wait(for: .namespaceEvicted))
        #expect(replica.caches[first] == nil)
        try await database.close(replica)
    }

    @Test("a full disk takes the cache away and gives it back", arguments: [1, 2, 3, 5, 8])
    func fullDisk(call: Int) async throws {
        let database = try await FeedDatabase()
        let faults = FaultPlan()
        var options = EnvironmentOptions.cache
        options.faults = faults
        let replica = try database.replica("a", options: options)
        try await database.put(1...3)
        #expect(await replica.load())
        faults.arm(call: call, code: .diskFull)
        try await database.put(2...5)
        #expect(await replica.observations.wait(for: .cacheUnwritable))
        #expect(replica.replicator.isUnwritable(.default))
        #expect(replica.caches[.default] == nil)
        try await comesBack(replica)
        #expect(!replica.replicator.isUnwritable(.default))
        try await database.expectEqual(replica)
        try await database.close(replica)
    }

    @Test("a write that failed for the moment is tried again")
    func passingFailure() async throws {
        let database = try await FeedDatabase()
        let faults = FaultPlan()
        var options = EnvironmentOptions.cache
        options.faults = faults
        let replica = try database.replica("a", options: options)
        try await database.put(1...3)
        #expect(await replica.load())
        faults.arm(call: 1, code: .busy)
        try await database.put(2...5)
        try await database.expectEqual(replica)
        #expect(replica.observations.count(.cacheUnwritable) == 1)
        #expect(replica.observations.count(.collectionLoaded) == 1)
        try await database.close(replica)
    }

    @Test("a read that does not end is reported, once", .timeLimit(.minutes(1)))
    func oldReader() async throws {
        let database = try await FeedDatabase()
        let replica = try database.replica("a")
        try await database.put(1...3)
        #expect(await replica.load())
        let cache = try #require(replica.caches[.default])
        let end = NSCondition()
        let isOver = Mutex(false)
        Thread {
            try? cache.environment.read { _ in
                end.lock()
                while !isOver.withLock({ $0 }) { end.wait() }
                end.unlock()
            }
        }.start()
        #expect(await replica.observations.wait(for: .readerTooOld))
        try await database.put(2...5)
        try await database.expectEqual(replica)
        isOver.withLock { $0 = true }
        end.broadcast()
        #expect(replica.observations.count(.readerTooOld) == 1)
        try await database.close(replica)
    }

    @Test("the map grows and says so")
    func mapGrowth() async throws {
        let database = try await FeedDatabase()
        let replica = try database.replica("a")
        try await database.put(1...1_500, text: String(repeating: "y", count: 10_000))
        demandServers(of: replica)
        #expect(await replica.observations.wait(for: .collectionLoaded))
        #expect(replica.observations.count(.mapGrown) > 0)
        try await database.expectEqual(replica)
        try await database.close(replica)
    }

    private func demandServers(of replica: Replica, in namespace: Namespace = .default) {
        guard let entry = Replica.kinds.entry(plugin: "mcp", kind: "McpServer") else { return }
        replica.replicator.demand(entry.number, in: namespace)
    }

    /// Reads go on demanding the collection until it answers.
    private func comesBack(_ replica: Replica) async throws {
        let end = ContinuousClock.now + .seconds(10)
        while try replica.state()?.phase != .loaded, ContinuousClock.now < end {
            demandServers(of: replica)
            _ = await replica.replicator.waiter.wait(
                for: Revision(UInt64.max), in: .default, timeout: .milliseconds(20))
        }
    }
}

extension Observation {
    fileprivate func isEviction(of namespace: Namespace) -> Bool {
        if case .namespaceEvicted(namespace.name, _) = self { true } else { false }
    }
}
