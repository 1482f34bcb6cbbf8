import CatalogModel
import Testing

@testable import ReadPath

@Suite("Namespace cache: batches and restarts")
struct CacheBatchTests {
    private static func loaded() throws -> CacheHarness {
        let harness = try CacheHarness()
        for name in ["a", "b"] {
            harness.store.put(Kind.agent.key(name), "{}")
            harness.store.put(Kind.mcp.key(name), "{}")
        }
        try harness.load(Kind.agent)
        try harness.load(Kind.mcp)
        return harness
    }

    private static func head(_ head: CollectionHead, digest: UInt64, count: Int) -> CollectionHead {
        CollectionHead(
            plugin: head.plugin, kind: head.kind, revision: head.revision, digest: digest,
            entityCount: count)
    }

    @Test("A wrong digest or count empties that collection only", arguments: [true, false])
    func mismatch(_ wrongDigest: Bool) throws {
        let harness = try Self.loaded()
        let after = harness.store.revision
        harness.store.put(Kind.agent.key("c"), "{}")
        let batch = harness.store.batch(after: after, CacheHarness.kinds)
        let collections = batch.collections.map { head in
            guard head.kind == "Agent" else { return head }
            return wrongDigest
                ? Self.head(head, digest: head.digest ^ 1, count: head.entityCount)
                : Self.head(head, digest: head.digest, count: head.entityCount + 1)
        }
        let failed = try harness.cache.apply(
            ChangeBatch(
                head: batch.head, after: after, changes: batch.changes, collections: collections),
            installing: [])
        #expect(failed == [Kind.agent.number])
        #expect(try harness.isCold(Kind.agent))
        #expect(try harness.cache.state(of: Kind.agent) == nil)
        #expect(try harness.names(Kind.mcp) == ["a", "b"])
        #expect(try harness.cache.header()?.revision == harness.store.revision)
        try harness.cache.verify()
        // It can be copied again.
        try harness.load(Kind.agent)
        #expect(try harness.names(Kind.agent) == ["a", "b", "c"])
    }

    @Test("A collection that the store no longer counts must be empty")
    func withoutHead() throws {
        let harness = try Self.loaded()
        let batch = ChangeBatch(
            head: harness.store.head, after: harness.store.revision, changes: [], collections: [])
        let failed = try harness.cache.apply(batch, installing: [])
        #expect(Set(failed) == [Kind.agent.number, Kind.mcp.number])
    }

    @Test("A copy that misses rows is not installed")
    func incompleteCopy() throws {
        let harness = try Self.loaded()
        harness.store.put(Kind.prompt.key("p"), "{}")
        try harness.follow()
        try harness.cache.beginCopy(of: Kind.prompt)
        #expect(try harness.follow(installing: [Kind.prompt.number]) == [Kind.prompt.number])
        #expect(try harness.isCold(Kind.prompt))
    }

    @Test("Changes between the copy and its installation are not lost")
    func changesDuringCopy() throws {
        let harness = try Self.loaded()
        for name in ["p", "q"] { harness.store.put(Kind.prompt.key(name), #"{"format":"old"}"#) }
        let snapshot = harness.store.rows(of: Kind.prompt)
        try harness.cache.beginCopy(of: Kind.prompt)
        try harness.cache.copy(snapshot, of: Kind.prompt)
        harness.store.put(Kind.prompt.key("p"), #"{"format":"new"}"#)
        harness.store.delete(Kind.prompt.key("q"))
        harness.store.put(Kind.prompt.key("r"), #"{"format":"new"}"#)
        #expect(try harness.follow(installing: [Kind.prompt.number]).isEmpty)
        #expect(try harness.names(Kind.prompt, ["filterQuery": "format='new'"]) == ["p", "r"])
        #expect(try harness.names(Kind.prompt) == ["p", "r"])
        try harness.cache.verify()
    }

    @Test("A history that goes on from the cache's is taken over, one that does not is refused")
    func lineage() throws {
        let harness = try Self.loaded()
        let former = harness.store.epoch
        let applied = harness.store.revision
        let kinds = CacheHarness.kinds
        harness.store.put(Kind.agent.key("c"), "{}")
        harness.store.epoch = Epoch("0b53")
        harness.store.lineage = Lineage("0b53 \(former):\(applied.value - 1)")
        let lost = harness.store.batch(after: applied, kinds)
        #expect(code { _ = try harness.cache.apply(lost, installing: []) } == .outOfOrder)
        #expect(try harness.cache.head()?.epoch == former)
        harness.store.lineage = Lineage("0b53 \(former):\(applied)")
        #expect(try harness.follow().isEmpty)
        #expect(try harness.names(Kind.agent) == ["a", "b", "c"])
        let head = try #require(try harness.cache.head())
        #expect(head.goesOn(from: applied, of: former))
        try harness.cache.verify()
        // Emptied for another history, it goes on from nothing.
        try harness.cache.reset(
            to: NamespaceHead(
                namespace: head.namespace, epoch: Epoch("0b54"), revision: head.revision,
                digest: 0))
        #expect(try harness.cache.head()?.lineage == Lineage.none)
    }

    @Test("A batch that leaves a gap, goes back or belongs to another history is refused")
    func outOfOrder() throws {
        let harness = try Self.loaded()
        let behind = harness.store
        harness.store.put(Kind.agent.key("c"), "{}")
        try harness.follow()
        let current = harness.store.revision
        let kinds = CacheHarness.kinds
        #expect(
            code {
                _ = try harness.cache.apply(
                    behind.batch(after: .zero, kinds), installing: [])
            } == .outOfOrder)
        harness.store.put(Kind.agent.key("d"), "{}")
        let gap = harness.store.batch(after: current.next, kinds)
        #expect(code { _ = try harness.cache.apply(gap, installing: []) } == .outOfOrder)
        var other = harness.store
        other.epoch = Epoch("0b53")
        let foreign = other.batch(after: current, kinds)
        #expect(code { _ = try harness.cache.apply(foreign, installing: []) } == .outOfOrder)
        #expect(try harness.cache.header()?.revision == current)
        #expect(try harness.names(Kind.agent) == ["a", "b", "c"])
        #expect(try harness.follow().isEmpty)
        #expect(try harness.names(Kind.agent) == ["a", "b", "c", "d"])
    }

    @Test("A batch that overlaps what is known changes nothing twice")
    func overlap() throws {
        let harness = try Self.loaded()
        let early = harness.store.revision
        harness.store.put(Kind.agent.key("c"), "{}")
        harness.store.delete(Kind.agent.key("a"))
        try harness.follow()
        let before = try harness.cache.state(of: Kind.agent)
        for after in [Revision.zero, early, harness.store.revision] {
            let batch = harness.store.batch(after: after, CacheHarness.kinds)
            #expect(try harness.cache.apply(batch, installing: []).isEmpty)
        }
        #expect(try harness.cache.state(of: Kind.agent) == before)
        #expect(try harness.names(Kind.agent) == ["b", "c"])
        try harness.cache.verify()
    }

    @Test("A reset forgets everything and takes the new head")
    func reset() throws {
        let harness = try Self.loaded()
        harness.store.epoch = Epoch("other")
        harness.cache.suspend()
        try harness.cache.reset(to: harness.store.head)
        #expect(try harness.isCold(Kind.agent))
        #expect(try harness.cache.loadedKinds().isEmpty)
        let header = try #require(try harness.cache.header())
        #expect(header.epoch == Epoch("other"))
        #expect(header.revision == harness.store.revision)
        #expect(header.digest == harness.store.head.digest)
        try harness.load(Kind.agent)
        #expect(try harness.names(Kind.agent) == ["a", "b"])
    }

    @Test("A suspended cache answers nothing")
    func suspension() throws {
        let harness = try Self.loaded()
        harness.cache.suspend()
        #expect(try harness.isCold(Kind.agent))
        let query = try harness.query(Kind.agent)
        guard case .cold = try harness.cache.list(query) else {
            Issue.record("a suspended cache answered a list")
            return
        }
    }

    @Test("Freshness is known only while it is proven")
    func freshness() {
        let freshness = Freshness()
        let now = ContinuousClock.now
        #expect(freshness.bound(now: now) == nil)
        freshness.prove(at: now)
        #expect(freshness.bound(now: now.advanced(by: .seconds(3))) == .seconds(3))
        #expect(freshness.bound(now: now.advanced(by: .seconds(-3))) == .zero)
        freshness.revoke()
        #expect(freshness.bound(now: now) == nil)
    }
}
