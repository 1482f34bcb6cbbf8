import CatalogModel
import Postgres
import TestSupport
import Testing

@testable import WritePath

/// Epochs where Postgres may have gone back, with a server of its own that stops and starts.
@Suite("The lineage of a namespace", .serialized, .manyTurns)
struct LineageTests {
    private let cluster: PostgresCluster
    private let database: String

    init() async throws {
        cluster = try await PostgresCluster.separate()
        let dsn = try await cluster.makeDatabase()
        let name = dsn.split(separator: " ").first { $0.hasPrefix("dbname=") }
        database = String(name?.dropFirst(7) ?? "")
        _ = try await Migrator(
            configuration: PostgresConfiguration(dsn: dsn), reactor: StoreFixture.reactor.get(),
            observer: Observations().observer, usesLock: false
        ).run()
        for _ in 0..<3 { try await write() }
    }

    @discardableResult
    private func sql(_ text: String) async throws -> String {
        try await cluster.sql(text, database: database)
    }

    /// One more revision of the namespace, as any writer makes it.
    private func write(_ namespace: String = "default") async throws {
        try await sql(
            """
            INSERT INTO entities (namespace, plugin, kind, source, name, doc)
            VALUES ('\(namespace)', 'agents', 'Agent', 'api', 'one', '{}')
            ON CONFLICT (namespace, plugin, kind, source, name) DO UPDATE SET doc = EXCLUDED.doc
            """)
    }

    private func head(_ namespace: String = "default") async throws -> NamespaceHead {
        let row = try await sql(
            "SELECT epoch, revision, digest, lineage FROM namespaces WHERE name = '\(namespace)'"
        ).split(separator: "|", omittingEmptySubsequences: false).map(String.init)
        return NamespaceHead(
            namespace: try Namespace(namespace), epoch: Epoch(row[0]),
            revision: Revision(try #require(UInt64(row[1]))),
            digest: UInt64(bitPattern: try #require(Int64(row[2]))), lineage: Lineage(row[3]))
    }

    /// Expects the next revision to begin an epoch that goes on from exactly what is there.
    private func expectFork(_ location: SourceLocation = #_sourceLocation) async throws {
        let before = try await head()
        try await write()
        let after = try await head()
        #expect(after.epoch != before.epoch, sourceLocation: location)
        #expect(after.revision == before.revision.next, sourceLocation: location)
        #expect(
            after.lineage.lastShared(with: before.epoch.text, by: after.epoch) == before.revision,
            sourceLocation: location)
        try await write()
        #expect(try await head().epoch == after.epoch, "once is enough", sourceLocation: location)
    }

    @Test("begins an epoch with the first revision after a start, a crash and a promotion")
    func servers() async throws {
        let first = try await head()
        #expect(first.lineage == .none, "nothing has happened yet")
        for namespace in ["new", "new"] { try await write(namespace) }
        try await sql("CHECKPOINT")
        try await cluster.stopInOrder()
        try await cluster.start()
        #expect(try await head().epoch == first.epoch, "reads begin nothing")
        try await expectFork()
        try await sql("CHECKPOINT")
        try await cluster.restart()
        try await expectFork()
        try await sql("CHECKPOINT")
        try await cluster.becomeStandby()
        try await cluster.promote()
        try await expectFork()
        let now = try await head()
        #expect(now.lineage.lastShared(with: first.epoch.text, by: now.epoch) == first.revision)
        // Each namespace has its own first revision.
        let other = try await head("new")
        try await write("new")
        #expect(
            try await head("new").goesOn(from: other.revision, of: other.epoch))
        #expect(try await sql("SELECT catalog_digest_holds('default')") == "t")
    }

    @Test("begins an epoch where the heads were restored, moved or set back")
    func heads() async throws {
        try await write()
        let table = "CREATE TABLE kept AS SELECT * FROM namespaces"
        for restore in [
            "TRUNCATE namespaces; INSERT INTO namespaces SELECT * FROM kept",
            "DELETE FROM namespaces; INSERT INTO namespaces SELECT * FROM kept",
            "UPDATE namespaces n SET revision = k.revision FROM kept k WHERE k.name = n.name",
            "VACUUM FULL namespaces",
        ] {
            try await sql("DROP TABLE IF EXISTS kept")
            try await sql(table)
            try await write()
            try await write()
            try await sql(restore)
            try await expectFork()
        }
        let dump = "\(cluster.folder)/kept.dump"
        try await cluster.tool("pg_dump", ["-Fc", "-f", dump, cluster.dsn(database)])
        let kept = try await head()
        try await write()
        let lost = try await head()
        try await sql("DROP SCHEMA public CASCADE; CREATE SCHEMA public")
        try await cluster.tool("pg_restore", ["-d", cluster.dsn(database), dump])
        #expect(try await head() == kept)
        try await expectFork()
        let now = try await head()
        #expect(now.revision > lost.revision)
        #expect(!now.goesOn(from: lost.revision, of: lost.epoch))
    }

    @Test("goes on from nothing under an epoch that somebody else gave, and knows few of its own")
    func limits() async throws {
        let first = try await head()
        try await sql("UPDATE namespaces SET epoch = gen_random_uuid()")
        try await write()
        let given = try await head()
        #expect(given.lineage.lastShared(with: first.epoch.text, by: given.epoch) == nil)
        try await sql("UPDATE namespaces SET incarnation = 'elsewhere'")
        try await write()
        let forked = try await head()
        #expect(forked.goesOn(from: given.revision, of: given.epoch))
        #expect(!forked.goesOn(from: first.revision, of: first.epoch))
        for _ in 0..<8 {
            #expect(try await head().goesOn(from: given.revision, of: given.epoch))
            try await sql("UPDATE namespaces SET incarnation = 'elsewhere'")
            try await write()
        }
        let last = try await head()
        #expect(last.lineage.text.split(separator: " ").count == 9)
        #expect(!last.goesOn(from: given.revision, of: given.epoch))
        // A repair begins a history of its own.
        try await sql("UPDATE collections SET digest = digest + 1")
        #expect(try await sql("SELECT catalog_repair('default')") == "t")
        let repaired = try await head()
        #expect(!repaired.goesOn(from: last.revision, of: last.epoch))
    }

    @Test("the log is kept for replicas in a history that goes on")
    func trim() async throws {
        for _ in 0..<10 { try await write() }
        let held = try await head()
        try await sql(
            """
            SELECT catalog_report('a-1', 'a', interval '1 hour', '{default}',
                '{\(held.epoch)}', '{\(held.revision)}', '{}')
            """)
        try await sql("UPDATE namespaces SET incarnation = 'elsewhere'")
        for _ in 0..<10 { try await write() }
        let trimmed = try await sql(
            """
            SELECT new_floor FROM catalog_trim_log(
                'default', 1000, interval '1 day', 0, interval '0', 1000)
            """)
        #expect(UInt64(trimmed) == held.revision.value)
    }
}
