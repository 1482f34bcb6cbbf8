import CatalogModel
import Invalidation
import Postgres
import ReadPath
import Synchronization
import Telemetry
import TestSupport
import Testing

@Suite("A replica in trouble", .serialized, .manyTurns)
struct FailureTests {
    @Test func hearsAgainAfterItsListenerWasTerminated() async throws {
        let database = try await FeedDatabase()
        let replica = try database.replica("a")
        #expect(await replica.load())
        #expect(await replica.observations.wait(for: .feedConnected))
        for round in 1...3 {
            try await database.run(
                """
                SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                WHERE datname = current_database() AND application_name = 'listener'
                """)
            try await database.put(round...round + 10)
            try await database.expectEqual(replica)
            #expect(await replica.observations.wait(for: .feedConnected, count: round + 1))
        }
        try await database.close(replica)
    }

    @Test func pollsForJunkAndGoesOn() async throws {
        let database = try await FeedDatabase()
        let replica = try database.replica("a")
        #expect(await replica.load())
        #expect(await replica.observations.wait(for: .feedConnected))
        let epoch = try await database.head().epoch.prefix
        let junk = [
            "", "x", String(repeating: "9", count: 7_999), "\(epoch):default:\(UInt64.max)",
            "ffffffff:default:3", "\(epoch):unknown:7",
        ]
        for payload in junk {
            try await database.writer.query(
                "SELECT pg_notify('catalog_changes', $1)", [.text(payload)])
        }
        try await database.put(1...5)
        try await database.expectEqual(replica)
        #expect(replica.observations.count(.rebuild) == 0)
        #expect(try replica.caches[.default]?.header()?.revision == Revision(1))
        try await database.close(replica)
    }

    @Test func catchesUpAfterPostgresWasAway() async throws {
        let cluster = try await PostgresCluster.separate()
        let database = try await FeedDatabase(cluster: cluster)
        let replica = try database.replica("a")
        try await database.put(1...100)
        #expect(await replica.load())
        // The server commits asynchronously, so a crash could lose the rows.
        try await database.run("CHECKPOINT")
        try await cluster.stop()
        #expect(await replica.observations.wait(for: .databaseDown))
        #expect(try replica.state()?.entityCount == 100)
        try await cluster.start()
        let writer = try await FeedDatabase.connect(database.dsn)
        try await writer.execute(script: "DELETE FROM entities WHERE name LIKE '%1'")
        #expect(await replica.reaches(Revision(2)))
        #expect(await replica.observations.wait(for: .databaseUp))
        #expect(try replica.state()?.entityCount == 90)
        #expect(replica.observations.count(.rebuild) == 0)
        #expect(replica.feed.copies.load(ordering: .relaxed) == 1)
        await writer.close()
        try await database.close(replica)
        try await cluster.stop()
    }

    /// Takes the namespace back to the state that `backUp` kept, past every trigger.
    private static let backUp = """
        CREATE TABLE kept_entities AS SELECT * FROM entities WHERE namespace = 'default';
        CREATE TABLE kept_collections AS SELECT * FROM collections WHERE namespace = 'default';
        CREATE TABLE kept_head AS SELECT * FROM namespaces WHERE name = 'default';
        """
    private static let restore = """
        ALTER TABLE entities DISABLE TRIGGER USER;
        DELETE FROM entities WHERE namespace = 'default';
        INSERT INTO entities SELECT * FROM kept_entities;
        DELETE FROM collections WHERE namespace = 'default';
        INSERT INTO collections SELECT * FROM kept_collections;
        DELETE FROM revision_changes c USING kept_head k
            WHERE c.namespace = k.name AND c.revision > k.revision;
        DELETE FROM revisions r USING kept_head k
            WHERE r.namespace = k.name AND r.revision > k.revision;
        UPDATE namespaces n SET revision = k.revision, digest = k.digest, xid = NULL
            FROM kept_head k WHERE n.name = k.name;
        SELECT catalog_attach_triggers('entities'), catalog_attach_triggers('mcp_entities');
        """
    private static let newEpoch = """
        UPDATE namespaces SET epoch = gen_random_uuid() WHERE name = 'default';
        """

    @Test(arguments: [false, true])
    func followsARestoreToAnOlderState(keepingEpoch: Bool) async throws {
        let database = try await FeedDatabase()
        let replica = try database.replica("a")
        let other = try Namespace("other")
        try await database.put(1...10, in: "other")
        try await database.put(1...10, text: "kept")
        #expect(await replica.load())
        #expect(await replica.load(in: other))
        try await database.run(Self.backUp)
        for number in 1...5 { try await database.put(5...15, text: "lost \(number)") }
        try await database.expectEqual(replica)
        try await database.run(Self.restore + (keepingEpoch ? "" : Self.newEpoch))
        // The same numbers again, with other content.
        for number in 1...5 { try await database.put(20...25, text: "new \(number)") }
        try await database.put(11...12, in: "other")
        try await database.expectEqual(replica, namespace: "other")
        // Loading shows in the collection's second arrival.
        let isBack = await replica.observations.wait { seen in
            seen.count {
                if case .collectionLoaded("default", _, _, _, _) = $0 { true } else { false }
            } >= 2
        }
        #expect(isBack)
        try await database.expectEqual(replica)
        let rebuilt = Set(
            replica.observations.all.compactMap {
                if case .rebuild(let namespace, _) = $0 { namespace } else { nil }
            })
        #expect(rebuilt == ["default"])
        try await database.close(replica)
    }

    /// Puts another content into the cache, as a defect would, at the revision that it has.
    private func forge(_ replica: Replica) throws {
        let cache = try #require(replica.caches[.default])
        let header = try #require(try cache.header())
        let key = EntityKey(plugin: "mcp", kind: "McpServer", source: "api", name: "forged")
        let entity = StoredEntity(
            key: key, id: 999, version: 1, revision: header.revision, createdAtMs: 0,
            updatedAtMs: 0, doc: Array("{}".utf8))
        let state = try #require(try replica.state())
        let head = NamespaceHead(
            namespace: .default, epoch: header.epoch, revision: header.revision,
            digest: header.digest)
        let collection = CollectionHead(
            plugin: "mcp", kind: "McpServer", revision: header.revision,
            digest: state.digest ^ EntityDigest.digest(of: entity),
            entityCount: state.entityCount + 1)
        _ = try cache.apply(
            ChangeBatch(
                head: head, after: header.revision, changes: [.put(entity)],
                collections: [collection]), installing: [])
    }

    @Test func reloadsACollectionWhoseContentIsWrong() async throws {
        let database = try await FeedDatabase()
        let replica = try database.replica("a")
        try await database.put(1...10)
        #expect(await replica.load())
        try forge(replica)
        #expect(try replica.state()?.entityCount == 11)
        try await database.put(1...1)
        #expect(await replica.observations.wait(for: .collectionLoaded, count: 2))
        #expect(replica.observations.count(.digestMismatch) == 1)
        try await database.expectEqual(replica)
        try await database.close(replica)
    }

    @Test func leavesACollectionAloneThatTheStoreMiscounts() async throws {
        let database = try await FeedDatabase()
        let replica = try database.replica("a")
        try await database.put(1...10)
        #expect(await replica.load())
        let tamper = "UPDATE collections SET digest = digest # 1 WHERE plugin = 'mcp'"
        try await database.run(tamper)
        try await database.put(1...1)
        #expect(await replica.observations.wait(for: .loadFailed))
        #expect(try replica.state() == nil)
        #expect(replica.feed.copies.load(ordering: .relaxed) == 2)
        try await database.run(tamper)
        // Reads go on demanding; the next copy after the pause is as the store counts.
        let end = ContinuousClock.now + .seconds(10)
        while try replica.state()?.phase != .loaded, ContinuousClock.now < end {
            for kind in Replica.kinds.entries where kind.kind.kind == "McpServer" {
                replica.replicator.demand(kind.number, in: .default)
            }
            try await database.writer.query("SELECT 1")
        }
        try await database.expectEqual(replica)
        try await database.close(replica)
    }

    @Test func forgetsANamespaceThatIsGoneAndFindsItAgain() async throws {
        let database = try await FeedDatabase()
        let replica = try database.replica("a")
        try await database.put(1...10)
        #expect(await replica.load())
        let epoch = try await database.head().epoch
        async let waiting = replica.replicator.waiter.wait(
            for: Revision(99), in: .default, timeout: .seconds(10))
        try await database.run("DELETE FROM namespaces WHERE name = 'default'")
        #expect(await !waiting)
        #expect(replica.caches[.default] == nil)
        try await database.put(1...2)
        #expect(try await database.head().epoch != epoch)
        let kind = try #require(
            Replica.kinds.entry(plugin: "mcp", kind: "McpServer"))
        replica.replicator.demand(kind.number, in: .default)
        #expect(await replica.observations.wait(for: .collectionLoaded, count: 2))
        try await database.expectEqual(replica)
        try await database.close(replica)
    }

    @Test func doesNotCacheWhatTheStoreDoesNotKnow() async throws {
        let database = try await FeedDatabase()
        let replica = try database.replica("a")
        replica.replicator.demand(0, in: try Namespace("nobody"))
        #expect(await replica.load())
        #expect(replica.caches[try Namespace("nobody")] == nil)
        try await database.close(replica)
    }
}
