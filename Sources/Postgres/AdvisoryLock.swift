/// A lock across processes that Postgres keeps for the length of a session.
package enum AdvisoryLock {
    private static let setLimits: Statement =
        "SELECT set_config('lock_timeout', $1, false), set_config('statement_timeout', '0', false)"
    private static let lock: Statement = "SELECT pg_advisory_lock($1::bigint)"
    private static let unlock: Statement = "SELECT pg_advisory_unlock($1::bigint)"

    /// Runs the body while one dedicated connection holds the lock.
    ///
    /// Throws `.timeout` when the lock is not free within `timeout`. The lock ends with the
    /// connection at the latest, so a crash never leaves it behind.
    @discardableResult
    package static func withAdvisoryLock<R>(
        id: Int64, configuration: PostgresConfiguration, reactor: Reactor, timeout: Duration,
        _ body: (Connection) async throws -> R
    ) async throws -> R {
        let connection = try await Connection.connect(configuration, reactor: reactor)
        defer { connection.closeSoon() }
        try await take(id, on: connection, timeout: timeout)
        let value = try await body(connection)
        _ = try await connection.query(unlock, [.int8(id)])
        return value
    }

    private static func take(
        _ id: Int64, on connection: Connection, timeout: Duration
    ) async throws(PostgresError) {
        let ms = max(1, Int64(timeout / Duration.milliseconds(1)))
        _ = try await connection.query(setLimits, [.text("\(ms)ms")])
        do throws(PostgresError) {
            // The server gives up first; our own deadline only covers a dead server.
            _ = try await connection.query(
                lock, [.int8(id)], timeout: timeout + connection.configuration.queryTimeout)
        } catch {
            guard error.sqlState == "55P03" else { throw error }
            throw PostgresError(
                .timeout, "the advisory lock was not free in time", sqlState: "55P03")
        }
        _ = try await connection.query(setLimits, ["0"])
    }
}
