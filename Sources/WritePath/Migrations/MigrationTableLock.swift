import Postgres
import Telemetry

/// The migration lock where the database has no advisory locks: a row that one process can insert.
///
/// Rules of contract §3.3: inserting the row locks, deleting it unlocks, a row that is older than
/// five minutes is left over from a process that died.
struct MigrationTableLock {
    private let configuration: PostgresConfiguration
    private let reactor: Reactor
    private let observer: Observer
    private let tries: Int
    private let pause: Duration
    private let owner: String

    init(
        configuration: PostgresConfiguration, reactor: Reactor, observer: Observer,
        tries: Int = WriteLimits.tableLockTries, pause: Duration = WriteLimits.tableLockPause
    ) {
        self.configuration = configuration
        self.reactor = reactor
        self.observer = observer
        self.tries = tries
        self.pause = pause
        owner = AuditLog.randomUUID()
    }

    /// Runs the body on the connection that holds the lock, and gives the lock back on every way out.
    ///
    /// Throws `.migrationLocked` when another process keeps it through all tries.
    func whileHeld<R>(_ body: (Connection) async throws -> R) async throws -> R {
        let connection = try await Connection.connect(configuration, reactor: reactor)
        do {
            try await take(on: connection)
            let value: R
            do {
                value = try await body(connection)
            } catch {
                _ = try? await connection.query(Self.unlock, [.text(owner)])
                throw error
            }
            _ = try await connection.query(Self.unlock, [.text(owner)])
            await connection.close()
            return value
        } catch {
            await connection.close()
            throw error
        }
    }

    private func take(on connection: Connection) async throws {
        _ = try await connection.query(Self.create)
        for attempt in 0..<tries {
            _ = try await connection.query(
                Self.removeStale, [.int8(WriteLimits.tableLockStale.components.seconds)])
            let taken = try await connection.query(Self.lock, [.text(owner)])
            if !taken.isEmpty { return }
            if attempt == 0 { observer.observe(.migrationLockAwaited) }
            try await Task.sleep(for: pause)
        }
        throw WriteError(.migrationLocked, "the migration lock was not free in time")
    }

    private static let create = Statement(
        postgres: """
            CREATE TABLE IF NOT EXISTS migration_lock (
                id text PRIMARY KEY,
                locked_at timestamptz NOT NULL DEFAULT clock_timestamp(),
                locked_by text NOT NULL
            )
            """,
        sqlite: """
            CREATE TABLE IF NOT EXISTS migration_lock (
                id TEXT NOT NULL PRIMARY KEY,
                locked_at INTEGER NOT NULL DEFAULT (clock_timestamp()),
                locked_by TEXT NOT NULL
            )
            """)
    private static let removeStale: Statement = """
        DELETE FROM migration_lock
        WHERE locked_at < clock_timestamp() - $1::bigint * interval '1 second'
        """
    private static let lock: Statement = """
        INSERT INTO migration_lock (id, locked_by) VALUES ('migration', $1)
        ON CONFLICT (id) DO NOTHING RETURNING id
        """
    private static let unlock: Statement =
        "DELETE FROM migration_lock WHERE id = 'migration' AND locked_by = $1"
}
