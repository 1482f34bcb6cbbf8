import CatalogModel
import Foundation
import Invalidation
import ReadPath
import Synchronization
import Telemetry
import TestSupport
import Testing

@Suite("A network that loses one direction", .serialized, .manyTurns)
struct OneWayTests {
    @Test(
        "costs freshness and no truth, and is over when the network is",
        arguments: OneWayRelay.Direction.allCases)
    func blackhole(_ direction: OneWayRelay.Direction) async throws {
        let cluster = try await PostgresCluster.shared()
        let database = try await FeedDatabase()
        let relay = try OneWayRelay(to: cluster.folder)
        let dsn = database.dsn.replacingOccurrences(of: cluster.folder, with: relay.folder)
        try FileManager.default.createDirectory(
            atPath: "\(database.folder)/a", withIntermediateDirectories: true)
        let replica = try Replica(dsn: dsn, path: "\(database.folder)/a")
        try await database.put(1...20)
        #expect(await replica.load())
        #expect(await replica.observations.wait(for: .feedHearing))

        let before = replica.observations.count(.feedConnected)
        relay.holds = direction
        try await database.put(1...20, text: "unseen")
        let written = ContinuousClock.now
        #expect(await replica.observations.wait(for: .feedDisconnected))
        let found = written.duration(to: .now)
        // What was written is not here, and nothing may say that the cache is newer than that.
        let cache = try #require(replica.caches[.default])
        let proven = try #require(cache.freshness.proven)
        #expect(try cache.header()?.revision == Revision(1))
        #expect(proven < written)

        relay.holds = nil
        let open = ContinuousClock.now
        try await database.expectEqual(replica)
        let fresh = open.duration(to: .now)
        #expect(await replica.observations.wait(for: .feedConnected, count: before + 1))
        #expect(replica.observations.count(.rebuild) == 0)
        #expect(replica.feed.copies.load(ordering: .relaxed) == 1)
        print("\(direction) held back: found after \(found), fresh \(fresh) after the end")
        try await database.close(replica)
        relay.stop()
    }
}
