import Synchronization

/// What a transaction sees of others.
package enum Isolation: Sendable {
    case readCommitted
    /// One snapshot for all reads; writing is refused.
    case repeatableReadReadOnly
    /// One snapshot; fails with 40001 when another transaction changed the same row.
    case repeatableRead
    case serializable

    fileprivate var begin: Statement {
        switch self {
        case .readCommitted: Isolation.readCommittedBegin
        case .repeatableReadReadOnly: Isolation.readOnlyBegin
        case .repeatableRead: Isolation.repeatableReadBegin
        case .serializable: Isolation.serializableBegin
        }
    }

    private static let readCommittedBegin: Statement = "BEGIN ISOLATION LEVEL READ COMMITTED"
    private static let readOnlyBegin: Statement = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
    private static let repeatableReadBegin: Statement = "BEGIN ISOLATION LEVEL REPEATABLE READ"
    private static let serializableBegin: Statement = "BEGIN ISOLATION LEVEL SERIALIZABLE"
    fileprivate static let commit: Statement = "COMMIT"
    fileprivate static let rollback: Statement = "ROLLBACK"
}

extension Pool {
    /// Runs the body in a transaction on one connection: COMMIT when it returns, ROLLBACK when it throws.
    ///
    /// A deadlock or serialization failure runs the body again, up to `retries` times, so the body
    /// must have no effects outside the transaction. When COMMIT itself throws `.connectionLost` or
    /// `.timeout`, it is not known whether the transaction took effect.
    @discardableResult
    package func transaction<R>(
        isolation: Isolation = .readCommitted, retries: Int = 3,
        _ body: (Connection) async throws -> R
    ) async throws -> R {
        precondition(retries >= 0)
        var attempt = 0
        while true {
            let lease = try await acquire()
            let connection = lease.connection
            do {
                let value = try await attemptOnce(lease, isolation, body)
                return value
            } catch {
                attempt += 1
                let state = await connection.lastSQLState
                let mayRetry = state == "40001" || state == "40P01"
                guard mayRetry, attempt <= retries, !Task.isCancelled else { throw error }
                let delay = Backoff.delay(
                    failures: attempt, jitter: .random(in: 0...1),
                    minimum: Limits.transactionRetryDelay)
                try await Task.sleep(for: delay)
            }
        }
    }

    private func attemptOnce<R>(
        _ lease: Lease, _ isolation: Isolation, _ body: (Connection) async throws -> R
    ) async throws -> R {
        defer { giveBack(lease) }
        let connection = lease.connection
        await connection.forgetLastError()
        do {
            _ = try await connection.query(isolation.begin)
            let value = try await body(connection)
            let committed = try await connection.query(Isolation.commit)
            // After a failed statement that the body ignored, COMMIT quietly rolls back.
            guard committed.commandTag == "COMMIT" else {
                throw PostgresError(
                    .server, "the transaction was rolled back", sqlState: "25P02")
            }
            return value
        } catch {
            await connection.rollBackUnattended()
            throw error
        }
    }
}

extension Connection {
    /// Sends ROLLBACK if a transaction block may be open, whether or not the caller is cancelled.
    fileprivate func rollBackUnattended() {
        guard isOpen, !flags.withLock({ $0.isClean }) else { return }
        submitUnattended(Isolation.rollback)
    }
}
