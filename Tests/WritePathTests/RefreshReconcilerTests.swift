import CatalogModel
import Postgres
import TestSupport
import Testing

@testable import WritePath

@Suite("Reconciling a source with its rows", .manyTurns)
struct RefreshReconcilerTests {
    static let target = SourceReconciler.Target(
        .default, plugin: "mcp", source: "s1", actor: "alice", requestID: "job-1")

    static func entities(_ servers: String) throws -> [LoadedEntity] {
        let plugin = try #require(Plugins.named("mcp"))
        let text = JobsDatabase.catalog(servers).joined(separator: "\n")
        return try YAMLSource.parse(text, file: "t", plugin: plugin).entities
    }

    static func reconcile(_ database: JobsDatabase, _ servers: String) async throws
        -> SourceReconciler.Outcome
    {
        try await SourceReconciler(pool: database.pool).reconcile(
            target, with: entities(servers))
    }

    @Test(.onPostgres) func onlyWhatDiffersIsWritten() async throws {
        let database = try await JobsDatabase()
        let first = try await Self.reconcile(database, "a b c")
        #expect(first.added == 3 && first.updated == 0 && first.removed == 0)
        #expect(first.head?.revision == Revision(1))
        #expect(try await database.entities("s1") == "a:1 b:1 c:1")

        let same = try await Self.reconcile(database, "c b a")
        #expect(same.loaded == 3 && same.added + same.updated + same.removed == 0)
        #expect(same.head == nil)
        #expect(try await database.revision() == 1)

        let changed = try await Self.reconcile(database, "a b=new c")
        #expect(changed.updated == 1 && changed.added == 0 && changed.removed == 0)
        #expect(try await database.entities("s1") == "a:1 b:2 c:1")

        let mixed = try await Self.reconcile(database, "b=newer c d")
        #expect(mixed.updated == 1 && mixed.added == 1 && mixed.removed == 1)
        #expect(try await database.entities("s1") == "b:3 c:1 d:1")
        #expect(try await database.revision() == 3)
        let log = try await database.value(
            """
            SELECT string_agg(name || ' ' || op, ', ' ORDER BY name) FROM revision_changes
            WHERE revision = 3
            """)
        #expect(log == "a delete, b put, d put")
        let actor = try await database.value(
            "SELECT actor || ' ' || request_id FROM revisions WHERE revision = 3")
        #expect(actor == "alice job-1")
    }

    @Test(.onPostgres) func otherSourcesKindsAndNamespacesAreLeftAlone() async throws {
        let database = try await JobsDatabase()
        try await database.change(
            """
            INSERT INTO entities (namespace, plugin, source, kind, name, doc) VALUES
            ('default', 'mcp', 'api', 'McpServer', 'a', '{"x": 1}'),
            ('default', 'mcp', 's2', 'McpServer', 'a', '{}'),
            ('default', 'agents', 's1', 'Agent', 'a', '{}'),
            ('team', 'mcp', 's1', 'McpServer', 'z', '{}')
            """)
        _ = try await Self.reconcile(database, "a")
        _ = try await Self.reconcile(database, "")
        let left = try await database.value(
            """
            SELECT string_agg(concat_ws('/', namespace, plugin, source, name, version), ' '
                ORDER BY namespace, plugin, source) FROM entities
            """)
        #expect(
            left == "default/agents/s1/a/1 default/mcp/api/a/1 default/mcp/s2/a/1 team/mcp/s1/z/1")
    }

    @Test(.onPostgres) func anEqualSourceIsNotHeldUpByAWriter() async throws {
        let database = try await JobsDatabase()
        _ = try await Self.reconcile(database, "a b")
        try await database.pool.transaction { connection in
            _ = try await connection.query(NamespaceRow.lock, ["default"])
            let outcome = try await Self.reconcile(database, "a b")
            #expect(outcome.head == nil)
        }
    }

    @Test(.onPostgres) func concurrentReconcilersEndWithOneContent() async throws {
        let database = try await JobsDatabase()
        try await withThrowingTaskGroup { group in
            for index in 0..<8 {
                group.addTask {
                    do {
                        _ = try await Self.reconcile(database, "a=v\(index) b\(index) c")
                    } catch let failure as JobFailure {
                        // Lost against the others in every round; it would be tried again.
                        #expect(failure.isTransient)
                    }
                }
            }
            try await group.waitForAll()
        }
        #expect(try await database.value("SELECT count(*) FROM entities") == "3")
        let consistent = try await database.value(
            """
            SELECT n.digest = (SELECT bit_xor(digest) FROM catalog_recompute_digest('default'))
                AND n.revision = (SELECT count(*) FROM revisions)
            FROM namespaces n WHERE n.name = 'default'
            """)
        #expect(consistent == "t")
    }

    @Test(.onPostgres) func aChangeBetweenComparisonAndLockIsSeen() async throws {
        let database = try await JobsDatabase()
        _ = try await Self.reconcile(database, "a b")
        let other = try await Connection.connect(
            database.pool.configuration, reactor: JobsDatabase.reactor.get())
        _ = try await other.query("BEGIN")
        _ = try await other.query(NamespaceRow.lock, ["default"])
        _ = try await other.query(
            "INSERT INTO entities (plugin, source, kind, name, doc) VALUES ('mcp', 's1', 'McpServer', 'c', '{}')"
        )
        try await withThrowingTaskGroup { group in
            group.addTask {
                // Compares without the row of the other, waits for the lock, and compares again.
                let outcome = try await Self.reconcile(database, "a=new b")
                #expect(outcome.updated == 1 && outcome.removed == 1)
            }
            try await database.waitForLockWait()
            _ = try await other.query("COMMIT")
            try await group.waitForAll()
        }
        #expect(try await database.entities("s1") == "a:2 b:1")
        await other.close()
    }

    @Test func aNamespaceComesIntoBeingWithItsFirstEntity() async throws {
        let database = try await JobsDatabase()
        let team = try Namespace("team")
        let outcome = try await SourceReconciler(pool: database.pool).reconcile(
            .init(team, plugin: "mcp", source: "s1"), with: Self.entities("a"))
        #expect(outcome.head?.revision == Revision(1))
        #expect(try await database.revision("team") == 1)
    }

    @Test func tenThousandEntitiesOfAKilobyteAreLoadedComparedAndRemoved() async throws {
        let database = try await JobsDatabase()
        let filler = String(repeating: "x", count: 1_000)
        let position = try #require(Self.entities("a").first).position
        let many = (0..<10_000).map { index in
            LoadedEntity(
                kind: "McpServer", name: "server-\(index)",
                doc: ["name": .string("server-\(index)"), "description": .string(filler)],
                position: position)
        }
        let reconciler = SourceReconciler(pool: database.pool)
        let first = try await reconciler.reconcile(Self.target, with: many)
        #expect(first.added == 10_000)
        let same = try await reconciler.reconcile(Self.target, with: many)
        #expect(same.head == nil)
        let fewer = try await reconciler.reconcile(Self.target, with: Array(many.dropLast(9_000)))
        #expect(fewer.removed == 9_000 && fewer.updated == 0)
        #expect(try await database.revision() == 2)
    }
}
