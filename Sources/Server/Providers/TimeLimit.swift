/// Ends work that takes too long.
enum TimeLimit {
    /// The time was over before the work was done.
    struct Passed: Error {}

    /// Runs the work and cancels it when the time is over; throws `Passed` then.
    ///
    /// Returns when the work has ended, so that work that does not heed a cancellation holds it up.
    static func run<R: Sendable>(
        _ limit: Duration, _ work: @escaping @Sendable () async throws -> R
    ) async throws -> R {
        try await withThrowingTaskGroup(of: R?.self) { group in
            group.addTask { try await work() }
            group.addTask {
                try await Task.sleep(for: limit)
                return nil
            }
            defer { group.cancelAll() }
            guard let first = try await group.next(), let result = first else { throw Passed() }
            return result
        }
    }
}
