package import Postgres
package import Telemetry

/// Brings a database's schema to the state that this release needs.
///
/// Any number of replicas may start at once: one applies the steps while the others wait, and a
/// database that is already ahead of this release is left as it is.
package struct Migrator: Sendable {
    /// CRC-32 of `catalog-server-migration`; every release and every implementation uses this id.
    package static let lockID: Int64 = 86_669_445

    private let configuration: PostgresConfiguration
    private let reactor: Reactor
    private let observer: Observer
    private let usesLock: Bool
    private let lockTimeout: Duration
    private let migrations: [Migration]

    /// Prepares a run; nothing happens before `run`.
    package init(
        configuration: PostgresConfiguration, reactor: Reactor, observer: Observer,
        usesLock: Bool = true, lockTimeout: Duration = WriteLimits.migrationLockTimeout,
        migrations: [Migration]? = nil
    ) {
        let schema =
            configuration.embedded == nil ? SchemaMigrations.all : SchemaMigrations.embedded
        self.configuration = configuration
        self.reactor = reactor
        self.observer = observer
        self.usesLock = usesLock
        self.lockTimeout = lockTimeout
        self.migrations = (migrations ?? schema).sorted { $0.version < $1.version }
    }

    /// Applies the missing steps in one session and returns them.
    ///
    /// Throws `.migrationChanged` when an applied step is not the one of this release,
    /// `.migrationLocked` when another process keeps the lock, `.migrationFailed` when the database
    /// refuses a step and `.databaseUnavailable` when it cannot be reached.
    package func run() async throws(WriteError) -> [Migration] {
        do {
            if !usesLock { return try await runUnlocked() }
            if configuration.embedded != nil {
                return try await MigrationTableLock(
                    configuration: configuration, reactor: reactor, observer: observer
                ).whileHeld { connection in try await apply(on: connection) }
            }
            if try await isLocked() { observer.observe(.migrationLockAwaited) }
            return try await AdvisoryLock.withAdvisoryLock(
                id: Migrator.lockID, configuration: configuration, reactor: reactor,
                timeout: lockTimeout
            ) { connection in try await apply(on: connection) }
        } catch let error as WriteError {
            throw error
        } catch let error as PostgresError {
            if error.code == .timeout, error.sqlState != nil {
                throw WriteError(
                    .migrationLocked, "the migration lock was not free in time", cause: error)
            }
            throw WriteError(
                error.isOutage ? .databaseUnavailable : .migrationFailed,
                "the schema cannot be migrated: \(error)", cause: error)
        } catch {
            throw WriteError(.migrationFailed, "the schema cannot be migrated")
        }
    }

    private func runUnlocked() async throws -> [Migration] {
        let connection = try await Connection.connect(configuration, reactor: reactor)
        do {
            let applied = try await apply(on: connection)
            await connection.close()
            return applied
        } catch {
            await connection.close()
            throw error
        }
    }

    /// Whether somebody holds the lock now; only for the observation, the lock itself decides.
    private func isLocked() async throws -> Bool {
        let connection = try await Connection.connect(configuration, reactor: reactor)
        let answer = try? await connection.query(Migrator.lockHolder, [.int8(Migrator.lockID)])
        await connection.close()
        return try answer?.bool(0, 0) ?? false
    }

    private func apply(on connection: Connection) async throws -> [Migration] {
        try await makeTable(on: connection)
        let checksums = try await connection.pipeline(
            migrations.map { Query(Migrator.checksum, [.bytes($0.sql)]) })
        let known = try await recorded(on: connection)
        var pending: [(migration: Migration, checksum: String)] = []
        for (migration, rows) in zip(migrations, checksums) {
            let checksum = try rows.string(0, 0)
            guard let present = known[migration.version] else {
                pending.append((migration, checksum))
                continue
            }
            guard present == checksum else {
                throw WriteError(
                    .migrationChanged,
                    "migration \(migration.title) is not the one that the database has applied")
            }
        }
        var applied: [Migration] = []
        for (migration, checksum) in pending {
            let start = ContinuousClock.now
            guard try await apply(migration, checksum, on: connection) else { continue }
            applied.append(migration)
            observer.observe(
                .migrationApplied(name: migration.title, duration: ContinuousClock.now - start))
        }
        if configuration.embedded == nil {
            try await LegacyImport(connection: connection, observer: observer).run()
        }
        return applied
    }

    /// Without the advisory lock two may make the table at once; the loser waits and finds it.
    private func makeTable(on connection: Connection) async throws(PostgresError) {
        do throws(PostgresError) {
            _ = try await connection.query(Migrator.createTable)
        } catch {
            // Unique violation, duplicate table, duplicate type: whichever catalog noticed first.
            guard let state = error.sqlState, ["23505", "42P07", "42710"].contains(state) else {
                throw error
            }
            _ = try await connection.query(Migrator.createTable)
        }
    }

    /// Applies one step with its record; false when another process was faster.
    private func apply(
        _ migration: Migration, _ checksum: String, on connection: Connection
    ) async throws -> Bool {
        let timeout = WriteLimits.migrationTimeout
        let version = Parameter.int8(Int64(migration.version))
        // The table's lock keeps the record right where the advisory lock is switched off.
        let present = try await connection.pipeline(
            [Query(Migrator.begin), Query(Migrator.lockTable), Query(Migrator.find, [version])],
            timeout: timeout)
        guard present[2].isEmpty else {
            _ = try await connection.query(Migrator.rollback)
            return false
        }
        do {
            try await connection.execute(
                script: String(decoding: migration.sql, as: UTF8.self), timeout: timeout)
        } catch {
            throw WriteError(
                error.isOutage ? .databaseUnavailable : .migrationFailed,
                "migration \(migration.title) failed: \(error)", cause: error)
        }
        _ = try await connection.pipeline([
            Query(Migrator.record, [version, .text(migration.name), .text(checksum)]),
            Query(Migrator.commit),
        ])
        return true
    }

    private func recorded(on connection: Connection) async throws -> [Int: String] {
        let rows = try await connection.query(Migrator.recorded)
        var known: [Int: String] = [:]
        for row in 0..<rows.count {
            known[Int(try rows.int64(row, 0))] = try rows.string(row, 1)
        }
        return known
    }
}

extension Migrator {
    private static let begin: Statement = "BEGIN"
    private static let commit: Statement = "COMMIT"
    private static let rollback: Statement = "ROLLBACK"
    private static let createTable = Statement(
        postgres: """
            CREATE TABLE IF NOT EXISTS schema_migrations (
                version int PRIMARY KEY,
                name text NOT NULL,
                checksum text NOT NULL,
                applied_at timestamptz NOT NULL DEFAULT clock_timestamp()
            )
            """,
        sqlite: """
            CREATE TABLE IF NOT EXISTS schema_migrations (
                version INTEGER PRIMARY KEY,
                name TEXT NOT NULL,
                checksum TEXT NOT NULL,
                applied_at INTEGER NOT NULL DEFAULT (clock_timestamp())
            )
            """)
    private static let lockTable: Statement = "LOCK TABLE schema_migrations IN EXCLUSIVE MODE"
    private static let checksum: Statement = "SELECT encode(sha256($1::bytea), 'hex')"
    private static let recorded: Statement = "SELECT version, checksum FROM schema_migrations"
    private static let find: Statement = "SELECT FROM schema_migrations WHERE version = $1::int"
    private static let record: Statement = """
        INSERT INTO schema_migrations (version, name, checksum) VALUES ($1::int, $2, $3)
        """
    private static let lockHolder: Statement = """
        SELECT EXISTS (
            SELECT FROM pg_locks l JOIN pg_database d ON d.oid = l.database
            WHERE l.locktype = 'advisory' AND l.granted AND d.datname = current_database()
                AND (l.classid::bigint << 32 | l.objid::bigint) = $1::bigint)
        """
}
