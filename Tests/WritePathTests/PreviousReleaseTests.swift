import Foundation
import Postgres
import Telemetry
import TestSupport
import Testing

@testable import WritePath

/// Expand, then contract: what a release adds must not take from the release before, which still
/// runs on the same database while replicas are replaced one by one.
@Suite("The release before on a database of this one", .timeLimit(.minutes(5)), .manyTurns)
struct PreviousReleaseTests {
    /// The last migration of the release that the transcript was recorded from.
    static let previous = 10

    static func transcript() throws -> String {
        let tests = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        let file = tests.appending(path: "Fixtures/previous-release.transcript")
        let text = String(decoding: try Data(contentsOf: file), as: UTF8.self)
        return "BEGIN;\n\(text)\nCOMMIT;"
    }

    private func migrated(_ migrations: [Migration]) async throws -> Connection {
        let dsn = try await PostgresCluster.shared().makeDatabase()
        let configuration = try PostgresConfiguration(dsn: dsn)
        let reactor = try StoreFixture.reactor.get()
        _ = try await Migrator(
            configuration: configuration, reactor: reactor, observer: Observations().observer,
            migrations: migrations
        ).run()
        return try await Connection.connect(configuration, reactor: reactor)
    }

    private func runTranscript(on connection: Connection) async throws {
        try await connection.execute(script: Self.transcript(), timeout: .seconds(60))
    }

    private func value(_ connection: Connection, _ sql: String) async throws -> String {
        let rows = try await connection.query(Statement(sql))
        return rows.isEmpty ? "" : rows.optionalString(0, 0) ?? "-"
    }

    @Test func itsStatementsAreServedByTheNewestSchema() async throws {
        let connection = try await migrated(SchemaMigrations.all)
        try await runTranscript(on: connection)
        // The writes of the transcript are in the log, the digests and the chain like any other.
        #expect(try await value(connection, "SELECT count(*) > 10 FROM entities") == "t")
        #expect(
            try await value(
                connection,
                """
                SELECT count(*) FROM collections c
                FULL JOIN catalog_recompute_digest('default') r USING (plugin, kind)
                WHERE c.digest IS DISTINCT FROM r.digest
                """) == "0")
        #expect(
            try await value(
                connection,
                "SELECT count(*) > 0 AND count(*) = count(hash) FROM audit_events") == "t")
        #expect(try await value(connection, "SELECT count(*) FROM refresh_jobs") == "1")
        await connection.close()
    }

    @Test func theTranscriptIsOneOfItsOwnRelease() async throws {
        let connection = try await migrated(
            SchemaMigrations.all.filter { $0.version <= Self.previous })
        try await runTranscript(on: connection)
        await connection.close()
    }

    @Test(arguments: [
        "ALTER TABLE entities ADD COLUMN tier text NOT NULL",
        "ALTER TABLE refresh_jobs RENAME COLUMN source_id TO source",
        "ALTER TABLE audit_events DROP COLUMN reason",
        "DROP FUNCTION catalog_trimmable(bigint, interval)",
        "ALTER TABLE refresh_jobs ADD CONSTRAINT known CHECK (plugin <> 'agents')",
    ])
    func aMigrationThatBreaksItIsNoticed(_ breaking: String) async throws {
        let later = Migration(version: 9_999, name: "breaking", sql: Array(breaking.utf8))
        let connection = try await migrated(SchemaMigrations.all + [later])
        await #expect(throws: PostgresError.self) { try await runTranscript(on: connection) }
        await connection.close()
    }

    @Test func aDatabaseThatIsFurtherServesThisRelease() async throws {
        // The mirror image: this release finds migrations that it does not know.
        let later = Migration(
            version: 9_999, name: "later",
            sql: Array(
                """
                ALTER TABLE entities ADD COLUMN tier text;
                ALTER TABLE refresh_jobs ADD COLUMN priority int NOT NULL DEFAULT 0;
                CREATE TABLE later_things (id int PRIMARY KEY);
                """.utf8))
        let dsn = try await PostgresCluster.shared().makeDatabase()
        let configuration = try PostgresConfiguration(dsn: dsn)
        for migrations in [SchemaMigrations.all + [later], SchemaMigrations.all] {
            _ = try await Migrator(
                configuration: configuration, reactor: StoreFixture.reactor.get(),
                observer: Observations().observer, migrations: migrations
            ).run()
        }
        let fixture = try StoreFixture(dsn: dsn, poolSize: 2, faults: nil)
        try await fixture.insert(source: "api", name: "a")
        #expect(try await fixture.census() == "1|1|0|1")
        let connection = try await Connection.connect(
            configuration, reactor: StoreFixture.reactor.get())
        try await runTranscript(on: connection)
        await connection.close()
    }
}
