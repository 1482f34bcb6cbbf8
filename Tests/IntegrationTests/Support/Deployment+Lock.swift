import TestSupport

/// Locks by which tests make the servers wait.
extension Deployment {
    /// Keeps every writer of the standard namespace from going on.
    static let writers = "SELECT FROM namespaces WHERE name = 'default' FOR UPDATE"

    /// Runs the body while a session holds a lock.
    func holding(_ lock: String, _ body: () async throws -> Void) async throws {
        let holder = Task {
            // Ends when its session is terminated.
            try? await sql("BEGIN; \(lock); SELECT pg_sleep(120) AS holds_the_lock")
        }
        let holds =
            "FROM pg_stat_activity WHERE datname = current_database() "
            + "AND wait_event = 'PgSleep' AND query LIKE '%holds_the_lock%'"
        try await eventually("the lock") { try await sql("SELECT count(*) \(holds)") == "1" }
        do {
            try await body()
        } catch {
            try await sql("SELECT count(pg_terminate_backend(pid)) \(holds)")
            _ = await holder.value
            throw error
        }
        try await sql("SELECT count(pg_terminate_backend(pid)) \(holds)")
        _ = await holder.value
    }
}
