import CatalogModel
import Foundation
import LMDB
import Testing

@testable import ReadPath

@Suite("The budget of all caches")
struct CacheBudgetTests {
    private let scratch: Scratch
    private static let query = Result {
        try ListQuery(kind: Kind.agent, namespace: .default, parameters: QueryParameters())
    }

    init() throws {
        scratch = try Scratch()
    }

    private func directory(
        _ budget: CacheBudget, options: EnvironmentOptions = .cache
    ) -> CacheDirectory {
        CacheDirectory(
            path: scratch.path, kinds: CacheHarness.kinds, bootID: "boot", budget: budget,
            options: options)
    }

    /// A cache with one loaded collection of one entity, whose text has so many bytes.
    @discardableResult
    private func fill(
        _ directory: CacheDirectory, _ name: String, bytes: Int = 1
    ) throws -> NamespaceCache {
        var store = FakeStore()
        store.namespace = try Namespace(name)
        let text = String(repeating: "x", count: bytes)
        store.put(Kind.agent.key("a"), "{\"description\": \"\(text)\"}")
        let cache = try directory.create(at: store.head)
        try cache.beginCopy(of: Kind.agent)
        try cache.copy(store.rows(of: Kind.agent), of: Kind.agent)
        let batch = store.batch(after: store.revision, CacheHarness.kinds)
        #expect(try cache.apply(batch, installing: [Kind.agent.number]).isEmpty)
        return cache
    }

    private func isHit(_ cache: NamespaceCache) throws -> Bool {
        if case .hit(let page, _) = try cache.list(Self.query.get()) {
            return page.bodies.count == 1
        }
        return false
    }

    @Test("the namespace that was not read for longest goes first")
    func order() throws {
        let directory = directory(CacheBudget(maxNamespaces: 3))
        let first = try fill(directory, "a")
        try fill(directory, "b")
        #expect(directory.victim(opening: true) == nil)
        try fill(directory, "c")
        #expect(directory.victim(opening: false) == nil)
        #expect(directory.victim(opening: true)?.name == "a")
        #expect(try isHit(first))
        #expect(directory.victim(opening: true)?.name == "b")
        #expect(directory.victim(opening: true, sparing: try Namespace("b"))?.name != "b")
        try directory.discard(Namespace("b"))
        #expect(directory.victim(opening: true) == nil)
    }

    @Test("pages over the budget make one go, and none where only the spared one is left")
    func bytes() throws {
        let directory = directory(CacheBudget(maxBytes: 900_000))
        try fill(directory, "a")
        let large = try fill(directory, "b", bytes: 300_000)
        #expect(!directory.isOverBudget)
        try fill(directory, "c", bytes: 800_000)
        #expect(directory.isOverBudget)
        #expect(directory.victim(opening: false)?.name == "a")
        try directory.discard(Namespace("a"))
        #expect(directory.victim(opening: false, sparing: large.namespace)?.name == "c")
        try directory.discard(Namespace("c"))
        #expect(!directory.isOverBudget)
        try fill(directory, "d", bytes: 300_000)
        try directory.discard(large.namespace)
        #expect(directory.victim(opening: false, sparing: try Namespace("d")) == nil)
    }

    @Test("a reader that holds a cache while it goes finds nothing")
    func heldWhileDiscarded() throws {
        let directory = directory(CacheBudget())
        let cache = try fill(directory, "a")
        #expect(try isHit(cache))
        try directory.discard(cache.namespace)
        #expect(try !isHit(cache))
        let again = try fill(directory, "a")
        #expect(try isHit(again))
        #expect(try !isHit(cache))
    }

    /// CATALOG_SLOW=1 asks for as many as the standard budget allows.
    private static let manyNamespaces = TestSettings.isSlow ? 2_000 : 300

    @Test("hundreds or thousands of namespaces are open at once and answer")
    func manyNamespaces() throws {
        let wanted = Self.manyNamespaces
        let files = OpenFileLimit.raise()
        let count = min(wanted, (files - 200) / OpenFileLimit.filesPerEnvironment)
        let directory = directory(CacheBudget(maxNamespaces: wanted))
        let before = try openFiles()
        let began = ContinuousClock.now
        for number in 0..<count { try fill(directory, "ns-\(number)") }
        let filled = ContinuousClock.now
        #expect(directory.count == count)
        for cache in directory.all { #expect(try isHit(cache)) }
        let read = ContinuousClock.now
        _ = directory.usedBytes
        let summed = ContinuousClock.now
        #expect(directory.victim(opening: true) == (count == wanted ? oldest(directory) : nil))
        let each = try (openFiles() - before) / count
        #expect(each <= OpenFileLimit.filesPerEnvironment)
        print(
            "\(count) namespaces: filled in \(began.duration(to: filled)), read in",
            "\(filled.duration(to: read)), summed in \(read.duration(to: summed)),",
            "\(each) files each, \(directory.usedBytes) bytes")
        for cache in directory.all { try directory.discard(cache.namespace) }
    }

    private func oldest(_ directory: CacheDirectory) -> Namespace? {
        directory.all.min { ($0.lastUsed, $0.namespace) < ($1.lastUsed, $1.namespace) }?.namespace
    }

    private func openFiles() throws -> Int {
        try FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").count
    }

    @Test("a batch that finds no room changes nothing", arguments: 1...12)
    func withoutRoom(call: Int) throws {
        let faults = FaultPlan()
        var options = EnvironmentOptions.cache
        options.faults = faults
        let directory = directory(CacheBudget(), options: options)
        let cache = try fill(directory, "a")
        let before = try #require(try cache.header())
        var store = FakeStore()
        store.put(Kind.agent.key("a"), "{}")
        store.put(Kind.agent.key("b"), "{}")
        let batch = ChangeBatch(
            head: NamespaceHead(
                namespace: cache.namespace, epoch: store.epoch, revision: store.revision,
                digest: store.head.digest),
            after: before.revision, changes: [.put(try #require(store[Kind.agent.key("b")]))],
            collections: [])
        faults.arm(call: call, code: .diskFull)
        var failure: ReadError?
        do throws(ReadError) {
            _ = try cache.apply(batch, installing: [])
        } catch {
            failure = error
        }
        faults.disarm()
        guard faults.injected != nil else { return }
        #expect(failure?.isUnwritable == true)
        #expect(try cache.header() == before)
        #expect(try isHit(cache))
        try cache.verify()
    }

    @Test("rows are cut by number and by bytes, one row at least")
    func slices() throws {
        var store = FakeStore()
        let rows = [10, 10, 10, 500, 10, 90].enumerated().map { number, bytes in
            store.put(
                Kind.agent.key("\(number)"), String(repeating: "x", count: bytes))
        }
        let byBytes = CopyBatch.slices(rows, maxRows: 10, maxBytes: 100).map(\.count)
        #expect(byBytes == [3, 1, 2])
        #expect(CopyBatch.slices(rows, maxRows: 4, maxBytes: 1_000).map(\.count) == [4, 2])
        #expect(CopyBatch.slices([]).isEmpty)
    }
}
