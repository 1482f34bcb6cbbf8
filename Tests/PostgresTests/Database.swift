import Postgres
import TestSupport
import Testing

/// What the suites share: one reactor, one server, a database for each test that changes one.
enum Database {
    static let reactor = Result { try Reactor() }

    static func cluster() async throws -> PostgresCluster { try await PostgresCluster.shared() }

    static func configuration() async throws -> PostgresConfiguration {
        try PostgresConfiguration(dsn: await cluster().makeDatabase())
    }

    /// A connection to a database that all tests share; temporary tables only.
    static func connect() async throws -> Connection {
        try await Connection.connect(
            PostgresConfiguration(dsn: cluster().dsn()), reactor: reactor.get())
    }

    static func pool(size: Int) async throws -> Pool {
        Pool(
            configuration: try PostgresConfiguration(dsn: await cluster().dsn()), size: size,
            reactor: try reactor.get(), acquireTimeout: .seconds(30))
    }

    /// Cancels a statement, by the closure, while it waits for a lock, then releases the lock.
    static func whileBlocked(
        _ connection: Connection, _ cancel: (Task<Rows, any Error>) -> Void
    ) async throws {
        let process = try await connection.query("SELECT pg_backend_pid()").int64(0, 0)
        let holder = try await connect()
        try await holder.query("SELECT pg_advisory_lock($1::bigint)", [.int8(process)])
        let blocked = Task {
            try await connection.query("SELECT pg_advisory_xact_lock($1)", [.int8(process)])
        }
        try await wait(
            until: """
                SELECT wait_event_type IS NOT DISTINCT FROM 'Lock' FROM pg_stat_activity
                WHERE pid = $1
                """, [.int8(process)])
        cancel(blocked)
        let result = await blocked.result
        #expect(throws: PostgresError(.cancelled, "")) { try result.get() }
        await holder.close()
    }

    /// Asks until the query answers true; each question is a round trip, so no sleeping is needed.
    static func wait(until condition: Statement, _ parameters: [Parameter] = []) async throws {
        let connection = try await connect()
        let end = ContinuousClock.now + .seconds(10)
        while try await !connection.query(condition, parameters).bool(0, 0) {
            if ContinuousClock.now > end { throw PostgresError(.timeout, condition.sql) }
        }
        await connection.close()
    }

    /// The error that an attempt throws, nil if it throws none or another kind.
    static func failure<R>(of attempt: () async throws -> R) async -> PostgresError? {
        do {
            _ = try await attempt()
            return nil
        } catch {
            return error as? PostgresError
        }
    }

    /// Repeats an attempt that fails while the server is away.
    @discardableResult
    static func untilItWorks<R>(_ attempt: () async throws -> R) async throws -> R {
        let end = ContinuousClock.now + .seconds(10)
        while true {
            do {
                return try await attempt()
            } catch {
                if ContinuousClock.now > end { throw error }
                await Task.yield()
            }
        }
    }
}
