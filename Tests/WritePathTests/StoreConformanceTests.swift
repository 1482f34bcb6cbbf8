import CatalogModel
import Foundation
import Postgres
import TestSupport
import Testing

@testable import Embedded
@testable import WritePath

/// What both stores must do alike, side by side; `CATALOG_TEST_STORE=sqlite` runs the other suites of
/// the store on the embedded one as well.
@Suite("Both stores do the same", .manyTurns)
struct StoreConformanceTests {
    /// Documents whose bytes differ between careless stores.
    private static let documents = [
        #"{"name": "plain", "description": "ä 😀 \"quoted\" \\ \u0001 \n \u00e9 \u007f /"}"#,
        #"{"numbers":[1.50e1,-0,0.00,-0.0,1e3,1E-7,12345678901234567890.10,-1.5e-2,0e3,5.0e+1]}"#,
        #"{"zz":[[{"k":null},[]],{}],"aa":true,"z":false,"é":1,"zé":"","longer":{"b":1,"a":2}}"#,
        "{ \"spaces\" :\t[ 1 ,\n2 ] }",
    ]

    private func fill(_ fixture: StoreFixture) async throws {
        for (number, document) in Self.documents.enumerated() {
            _ = try await fixture.pool.withConnection {
                try await $0.query(
                    """
                    INSERT INTO entities (plugin, kind, source, name, doc)
                    VALUES ('agents', 'Agent', 's', $1, $2::jsonb)
                    """, [.text("d\(number)"), .json(document)])
            }
        }
        try await fixture.run(.create(["name": "plain"]))
        try await fixture.run(.mergePatch(name: "plain", ["description": "new"], .none))
        try await fixture.run(
            .bulk([BulkItem(name: "b1", document: [:]), BulkItem(name: "b2", document: [:])]))
        try await fixture.run(.delete(name: "b1", .none))
    }

    private func state(_ fixture: StoreFixture) async throws -> [String] {
        let rows = try await fixture.pool.query(
            """
            SELECT e.name, e.version, e.revision, e.digest, e.doc::text FROM entities e
            ORDER BY e.name
            """)
        return (0..<rows.count).map { row in
            (0..<5).map { rows.optionalString(row, $0) ?? "-" }.joined(separator: "|")
        }
    }

    @Test func theSameWritesGiveTheSameBytesRevisionsAndDigests() async throws {
        var states: [[String]] = []
        var heads: [String] = []
        for kind in StoreUnderTest.allCases {
            let fixture = try await StoreFixture(on: kind)
            try await fill(fixture)
            states.append(try await state(fixture))
            heads.append(
                try await fixture.row(
                    "SELECT revision, digest FROM namespaces WHERE name = 'default'"))
            #expect(
                try await fixture.row(
                    "SELECT plugin, kind, digest, entity_count FROM collections")
                    == fixture.row(
                        """
                        SELECT plugin, kind, bit_xor(digest), count(*) FROM entities
                        GROUP BY plugin, kind
                        """))
        }
        #expect(states[0] == states[1])
        #expect(states[0].count == 6 && heads[0] == heads[1])
    }

    @Test(arguments: StoreUnderTest.allCases)
    func theLogIsDenseAndAFailedWriteLeavesNothing(kind: StoreUnderTest) async throws {
        let fixture = try await StoreFixture(on: kind)
        await withTaskGroup(of: Void.self) { group in
            for number in 0..<60 {
                group.addTask {
                    // Every third name is there already.
                    _ = try? await fixture.run(.create(["name": .string("n\(number % 40)")]))
                }
            }
        }
        #expect(try await fixture.row("SELECT count(*) FROM entities") == "40")
        #expect(
            try await fixture.row(
                "SELECT count(*), min(revision), max(revision) FROM revisions")
                == fixture.row(
                    "SELECT revision, 1, revision FROM namespaces WHERE name = 'default'"))
        let before = try await fixture.census()
        #expect(try await fixture.failure(.create(["name": "n1"]))?.code == .conflict)
        #expect(try await fixture.census() == before)
    }

    @Test(arguments: StoreUnderTest.allCases)
    func auditEventsAreChainedAndAChangeShows(kind: StoreUnderTest) async throws {
        let fixture = try await StoreFixture(on: kind)
        try await fill(fixture)
        let chain = AuditChain(pool: fixture.pool, observer: fixture.observations.observer)
        let good = try await chain.verify(.default)
        #expect(good.isValid && good.checked == 4, "\(good)")
        _ = try await fixture.pool.withConnection {
            try await $0.query("UPDATE audit_events SET actor = 'eve' WHERE sequence = 3")
        }
        let bad = try await chain.verify(.default)
        #expect(bad.firstBroken?.sequence == 3)
    }

    @Test(arguments: StoreUnderTest.allCases)
    func aRepeatedRequestGetsTheSameAnswer(kind: StoreUnderTest) async throws {
        let fixture = try await StoreFixture(on: kind)
        let first = try await fixture.run(.create(["name": "a"]), key: "k")
        let second = try await fixture.run(.create(["name": "a"]), key: "k")
        #expect(second.replayed && second.body == first.body && second.head == first.head)
        let other = try await fixture.failure(.create(["name": "b"]), key: "k", digest: [2])
        #expect(other != nil)
        _ = try await fixture.pool.withConnection {
            try await $0.query(
                "UPDATE idempotency_keys SET created_at = created_at - 90000 * interval '1 second'")
        }
        #expect(try await fixture.store.deleteExpiredIdempotencyKeys() == 1)
    }

    @Test(arguments: StoreUnderTest.allCases)
    func theLogIsTrimmedAndDamagedDigestsAreRepaired(kind: StoreUnderTest) async throws {
        let fixture = try await StoreFixture(on: kind)
        for number in 0..<20 { try await fixture.run(.create(["name": .string("n\(number)")])) }
        var options = UpkeepOptions()
        options.maxRevisions = 5
        options.keepRevisions = 1
        let keeper = LogKeeper(
            pool: fixture.pool, observer: fixture.observations.observer, options: options)
        #expect(try await keeper.trimLog() > 0)
        #expect(
            try await fixture.row("SELECT floor, revision FROM namespaces WHERE name = 'default'")
                == "15|20")
        #expect(try await fixture.row("SELECT count(*), min(revision) FROM revisions") == "5|16")
        #expect(try await keeper.compareDigests().isEmpty)
        _ = try await fixture.pool.withConnection {
            try await $0.query("UPDATE collections SET digest = digest + 1")
        }
        #expect(try await keeper.compareDigests() == ["default"])
        #expect(try await keeper.compareDigests().isEmpty)
        #expect(
            try await fixture.row("SELECT floor, revision FROM namespaces WHERE name = 'default'")
                == "21|21")
    }
}

@Suite("Embedded store", .manyTurns)
struct EmbeddedStoreTests {
    private func open(_ path: String) throws -> PostgresConfiguration {
        PostgresConfiguration(embedded: try EmbeddedStore(path: path))
    }

    private func migrator(_ configuration: PostgresConfiguration) throws -> Migrator {
        Migrator(
            configuration: configuration, reactor: try StoreFixture.reactor.get(),
            observer: Observations().observer)
    }

    @Test func aSecondOpeningIsRefused() throws {
        let path = try StoreUnderTest.makeFile()
        let first = try EmbeddedStore(path: path)
        do throws(PostgresError) {
            _ = try EmbeddedStore(path: path)
            Issue.record("two have the file")
        } catch {
            #expect(error.sqlState == "55006" && error.message.contains(path))
        }
        #expect(first.path == path)
    }

    @Test(arguments: [("3.39.0", true), ("3.40.1", true), ("4.0", true), ("3.38.5", false)])
    func anOldSQLiteIsRefused(version: String, isAccepted: Bool) {
        let accepted: Void? = try? EmbeddedStore.checkVersion(version)
        #expect((accepted != nil) == isAccepted)
    }

    @Test func whatIsNoDatabaseIsRefused() throws {
        let path = try StoreUnderTest.makeFile()
        try String(repeating: "no database ", count: 1_000).write(
            toFile: path, atomically: true, encoding: .utf8)
        do throws(PostgresError) {
            _ = try EmbeddedStore(path: path)
            Issue.record("a text was opened")
        } catch {
            #expect(error.code == .connectFailed && error.sqlState == "XX001")
        }
    }

    @Test func aFailedStatementBlocksTheTransactionUntilItsEnd() async throws {
        let configuration = try open(try StoreUnderTest.makeFile())
        let connection = try await Connection.connect(
            configuration, reactor: StoreFixture.reactor.get())
        _ = try await migrator(configuration).run()
        _ = try await connection.query("BEGIN")
        _ = try await connection.query("INSERT INTO namespaces (name) VALUES ('a')")
        await #expect(throws: PostgresError.self) {
            try await connection.query("INSERT INTO namespaces (name) VALUES ('a')")
        }
        do throws(PostgresError) {
            _ = try await connection.query("SELECT 1")
            Issue.record("the transaction goes on")
        } catch {
            #expect(error.sqlState == "25P02")
        }
        #expect(try await connection.query("COMMIT").commandTag == "ROLLBACK")
        #expect(try await connection.query("SELECT name FROM namespaces WHERE name = 'a'").isEmpty)
        await connection.close()
    }

    @Test func theMigrationLockIsAwaitedAndOneOfTheDeadIsTakenOver() async throws {
        let configuration = try open(try StoreUnderTest.makeFile())
        #expect(try await migrator(configuration).run().count == SchemaMigrations.embedded.count)
        #expect(try await migrator(configuration).run().isEmpty)
        let connection = try await Connection.connect(
            configuration, reactor: StoreFixture.reactor.get())
        let take: Statement =
            "INSERT INTO migration_lock (id, locked_by) VALUES ('migration', 'another')"
        _ = try await connection.query(take)
        let lock = MigrationTableLock(
            configuration: configuration, reactor: try StoreFixture.reactor.get(),
            observer: Observations().observer, tries: 3, pause: .milliseconds(10))
        await #expect(throws: WriteError(.migrationLocked, "")) {
            try await lock.whileHeld { _ in }
        }
        _ = try await connection.query(
            "UPDATE migration_lock SET locked_at = locked_at - 301 * interval '1 second'")
        let held = try await lock.whileHeld { holder in
            try await holder.query("SELECT locked_by FROM migration_lock").count
        }
        #expect(held == 1)
        #expect(try await connection.query("SELECT 1 FROM migration_lock").isEmpty)
        await connection.close()
    }

    @Test(arguments: [
        ("SELECT a::text FROM t FOR UPDATE SKIP LOCKED", "SELECT a FROM t"),
        ("x = ANY ($1::text[]::uuid[])", "x IN (SELECT value FROM json_each($1))"),
        ("EXISTS (SELECT FROM t)", "EXISTS (SELECT 1 FROM t)"),
        ("UPDATE jobs j SET a = 1", "UPDATE jobs AS j SET a = 1"),
        ("DELETE FROM t r WHERE r.a", "DELETE FROM t AS r WHERE r.a"),
        ("floor(extract(epoch FROM e.made_at) * 1000)::bigint", "((e.made_at) / 1000)"),
        ("floor(extract(epoch FROM clock_timestamp()) * 1000000)::bigint", "(clock_timestamp())"),
        ("now() - $1::bigint * interval '1 hour'", "now() - $1 * (1 * 3600000000)"),
        ("'epoch'::timestamptz + $3::bigint * interval '1 microsecond'", "$3 * (1 * 1)"),
        (
            "INSERT INTO t AS j (a) VALUES (1) RETURNING j.a, f(j.b)",
            "INSERT INTO t AS j (a) VALUES (1) RETURNING t.a, f(t.b)"
        ),
        ("OFFSET 5 LIMIT 1", "LIMIT 1 OFFSET 5"),
        ("SET doc = $5::jsonb", "SET doc = catalog_jsonb($5)"),
    ])
    func turnsOfPostgresAreSaidInTheWordsOfSQLite(postgres: String, sqlite: String) {
        #expect(SQLiteDialect.translated(postgres) == sqlite)
    }

    @Test(arguments: [
        ("1.50e1", "15.0"), ("-0", "0"), ("-0.0", "0.0"), ("1e3", "1000"), ("1E-7", "0.0000001"),
        ("-1.5e-2", "-0.015"), ("0e3", "0"), ("0e-3", "0.000"), ("12.50", "12.50"),
        ("5.0e+1", "50"), ("1.234e2", "123.4"),
    ])
    func numbersArePrintedAsPostgresPrintsThem(written: String, printed: String) {
        #expect(StoredJSON.plain(written) == printed)
    }
}
