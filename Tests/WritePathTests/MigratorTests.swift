import Foundation
import Postgres
import Telemetry
import TestSupport
import Testing

@testable import WritePath

@Suite("Schema migrations", .manyTurns)
struct MigratorTests {
    let observations = Observations()

    func migrator(
        _ dsn: String, usesLock: Bool = true, lockTimeout: Duration = .seconds(60),
        _ migrations: [Migration] = SchemaMigrations.all
    ) throws -> Migrator {
        Migrator(
            configuration: try PostgresConfiguration(dsn: dsn),
            reactor: try StoreFixture.reactor.get(), observer: observations.observer,
            usesLock: usesLock, lockTimeout: lockTimeout, migrations: migrations)
    }

    func versions(_ dsn: String) async throws -> String {
        let connection = try await Connection.connect(
            PostgresConfiguration(dsn: dsn), reactor: StoreFixture.reactor.get())
        let rows = try await connection.query(
            """
            SELECT count(*), count(DISTINCT version), bool_and(checksum ~ '^[0-9a-f]{64}$')
            FROM schema_migrations
            """)
        await connection.close()
        return "\(try rows.int64(0, 0))|\(try rows.int64(0, 1))|\(try rows.bool(0, 2))"
    }

    @Test func numbersAscendAndTheFirstComesFirst() {
        let versions = SchemaMigrations.all.map(\.version)
        #expect(versions == Set(versions).sorted())
        #expect(SchemaMigrations.all.first?.title == "0001_namespaces_and_change_log")
    }

    @Test func everyFileIsInTheTableWithItsText() throws {
        let root = URL(filePath: #filePath).deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent()
        let folder = root.appending(path: "Sources/WritePath/Migrations/SQL")
        let files = try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
        #expect(files == SchemaMigrations.all.map { "\($0.title).sql" })
        for (file, migration) in zip(files, SchemaMigrations.all) {
            #expect(try Data(contentsOf: folder.appending(path: file)) == Data(migration.sql))
        }
    }

    @Test(arguments: [true, false]) func fiveStartAtOnceAndEachStepIsAppliedOnce(
        usesLock: Bool
    ) async throws {
        let dsn = try await PostgresCluster.shared().makeDatabase()
        let applied = try await withThrowingTaskGroup(of: Int.self) { group in
            for _ in 0..<5 {
                group.addTask { try await migrator(dsn, usesLock: usesLock).run().count }
            }
            return try await group.reduce(0, +)
        }
        let count = SchemaMigrations.all.count
        #expect(applied == count)
        #expect(try await versions(dsn) == "\(count)|\(count)|true")
        #expect(observations.count(of: .migrationApplied) == count)
        #expect(try await migrator(dsn).run().isEmpty)
    }

    @Test func changedStepIsRefused() async throws {
        let dsn = try await PostgresCluster.shared().makeDatabase()
        let first = Migration(version: 1, name: "a", sql: Array("CREATE TABLE a ()".utf8))
        _ = try await migrator(dsn, [first]).run()
        let other = Migration(version: 1, name: "a", sql: Array("CREATE TABLE b ()".utf8))
        await #expect(throws: WriteError(.migrationChanged, "")) {
            try await migrator(dsn, [other]).run()
        }
    }

    @Test func newerDatabaseIsLeftAsItIs() async throws {
        let dsn = try await PostgresCluster.shared().makeDatabase()
        let first = Migration(version: 1, name: "a", sql: Array("CREATE TABLE a ()".utf8))
        let later = Migration(version: 9, name: "z", sql: Array("CREATE TABLE z ()".utf8))
        _ = try await migrator(dsn, [first, later]).run()
        #expect(try await migrator(dsn, [first]).run().isEmpty)
    }

    @Test func failedStepLeavesNothingAndNamesItself() async throws {
        let dsn = try await PostgresCluster.shared().makeDatabase()
        let bad = Migration(
            version: 1, name: "bad", sql: Array("CREATE TABLE a (); SELECT 1/0;".utf8))
        let error = await #expect(throws: WriteError.self) {
            try await migrator(dsn, [bad]).run()
        }
        #expect(error?.code == .migrationFailed)
        #expect(error?.message.contains("0001_bad") == true)
        let good = Migration(version: 1, name: "bad", sql: Array("CREATE TABLE a ()".utf8))
        #expect(try await migrator(dsn, [good]).run() == [good])
    }

    @Test func waitForTheLockIsObservedAndBounded() async throws {
        let dsn = try await PostgresCluster.shared().makeDatabase()
        let configuration = try PostgresConfiguration(dsn: dsn)
        let reactor = try StoreFixture.reactor.get()
        let holder = try await Connection.connect(configuration, reactor: reactor)
        _ = try await holder.query(
            "SELECT pg_advisory_lock($1::bigint)", [.int8(Migrator.lockID)])
        await #expect(throws: WriteError(.migrationLocked, "")) {
            try await migrator(dsn, lockTimeout: .milliseconds(50)).run()
        }
        #expect(observations.count(of: .migrationLockAwaited) == 1)
        await holder.close()
        #expect(try await migrator(dsn).run().count == SchemaMigrations.all.count)
    }

    @Test func unreachableDatabaseIsSaidToBeSo() async throws {
        await #expect(throws: WriteError(.databaseUnavailable, "")) {
            try await migrator("host=/nowhere dbname=x").run()
        }
    }
}
