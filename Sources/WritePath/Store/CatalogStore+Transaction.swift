import CatalogModel
import Postgres

extension CatalogStore {
    static let begin: Statement = "BEGIN ISOLATION LEVEL READ COMMITTED"
    static let commit: Statement = "COMMIT"
    static let rollback: Statement = "ROLLBACK"
    private static let settings: Statement = """
        SELECT set_config('catalog.actor', $1, true), set_config('catalog.request_id', $2, true),
            set_config('lock_timeout', $3, true),
            set_config('idle_in_transaction_session_timeout', $4, true)
        """

    /// Runs a write in a transaction of its own.
    func writeAlone(_ member: GroupMember) async throws(RequestError) -> WriteResponse {
        switch member.plan {
        case .entity(let plan): try await write(plan, member.key, member.context)
        case .bulk(let plan): try await write(plan, member.key, member.context)
        }
    }

    /// Runs a plan in one transaction that holds the namespace, and commits.
    ///
    /// Claims the idempotency key before the namespace, so that all writers take their locks in
    /// the same order.
    private func write(
        _ plan: some WritePlan, _ key: IdempotencyKey?, _ context: WriteContext
    ) async throws(RequestError) -> WriteResponse {
        try await transacting(context.namespace) { connection, progress in
            try await attempt(plan, key, context, on: connection, progress)
        }
    }

    /// Runs the body on a connection of the pool; it begins and commits a transaction itself.
    ///
    /// A deadlock or serialization failure runs the body again, and so does a connection that breaks
    /// before anything could have been committed; the body must have no effects of its own.
    func transacting<R: Sendable>(
        _ namespace: Namespace, _ body: (Connection, Progress) async throws -> R
    ) async throws(RequestError) -> R {
        var attempt = 0
        while true {
            let progress = Progress()
            do {
                return try await pool.withConnection { connection in
                    try await rollingBack(connection) { try await body(connection, progress) }
                }
            } catch let error as PostgresError where mayRepeat(error, progress, attempt) {
                attempt += 1
                await pause(beforeAttempt: attempt)
            } catch let error as PostgresError where progress.isCommitting && error.leavesDoubt {
                let told = error.requestError(namespace: namespace.name, observer: observer)
                throw RequestError(
                    told.code,
                    "the database connection broke during the commit; whether the write took "
                        + "effect is not known",
                    details: ["outcome": "unknown"])
            } catch {
                throw RequestError.of(error, namespace: namespace.name, observer: observer)
            }
        }
    }

    /// How far an attempt has come.
    final class Progress {
        var isCommitting = false
    }

    private func mayRepeat(_ error: PostgresError, _ progress: Progress, _ attempt: Int) -> Bool {
        guard attempt < WriteLimits.transactionRetries, !Task.isCancelled else { return false }
        if error.allowsRetry { return true }
        // Once is enough for a session that died in the pool; a second break is an outage.
        return error.endsSession && !progress.isCommitting && attempt == 0
    }

    private func pause(beforeAttempt attempt: Int) async {
        let ceiling = WriteLimits.transactionRetryDelay * (1 << (attempt - 1))
        try? await Task.sleep(for: ceiling * Double.random(in: 0...1))
    }

    /// Rolls back when the body throws.
    func rollingBack<R: Sendable>(
        _ connection: Connection, _ body: () async throws -> R
    ) async throws -> R {
        do {
            return try await body()
        } catch {
            // Without effect if the session is gone; a cancelled caller leaves it to the pool to
            // close the connection.
            _ = try? await connection.query(CatalogStore.rollback)
            throw error
        }
    }

    private func attempt(
        _ plan: some WritePlan, _ key: IdempotencyKey?, _ context: WriteContext,
        on connection: Connection, _ progress: Progress
    ) async throws -> WriteResponse {
        let name = Parameter.text(context.namespace.name)
        let claim = key?.claim ?? []
        let opening = [Query(CatalogStore.begin), settings(context)] + claim
        let locking = [Query(NamespaceRow.lock, [name])] + plan.reads
        var rows = try await connection.pipeline(opening + locking)
        let claimed = Array(rows[2..<opening.count])
        rows.removeFirst(opening.count)
        if rows[0].isEmpty {
            rows = try await connection.pipeline([Query(NamespaceRow.create, [name])] + locking)
            rows.removeFirst()
        }
        if let key {
            let head = try NamespaceRow.head(rows[0], context.namespace)
            if let stored = try key.storedAnswer(claimed[0], claimed[1], head: head) {
                _ = try await connection.query(CatalogStore.rollback)
                return stored
            }
        }
        let deed = try await plan.decide(Array(rows.dropFirst()), on: connection)
        return try await carryOut(deed, key, context.namespace, on: connection, progress)
    }

    /// Writes and commits; without a key all of it is one round trip.
    private func carryOut(
        _ deed: WriteDeed, _ key: IdempotencyKey?, _ namespace: Namespace,
        on connection: Connection, _ progress: Progress
    ) async throws -> WriteResponse {
        var queries = deed.writes + deed.records
        queries.append(Query(NamespaceRow.read, [.text(namespace.name)]))
        let headIndex = queries.count - 1
        if key == nil {
            queries.append(Query(CatalogStore.commit))
            progress.isCommitting = true
        }
        let rows = try await connection.pipeline(queries)
        let head = try NamespaceRow.head(rows[headIndex], namespace)
        let response = try deed.answer(Array(rows.prefix(deed.writes.count)), head)
        if let key {
            progress.isCommitting = true
            let stored = try await connection.pipeline([
                key.store(response), Query(CatalogStore.commit),
            ])
            try CatalogStore.checkCommitted(stored)
        } else {
            try CatalogStore.checkCommitted(rows)
        }
        return response
    }

    /// Throws if the transaction, whose last answer this is, did not end with a commit.
    static func checkCommitted(_ rows: [Rows]) throws(PostgresError) {
        guard rows.last?.commandTag == "COMMIT" else {
            throw PostgresError(.server, "the transaction was rolled back", sqlState: "25P02")
        }
    }

    private func settings(_ context: WriteContext) -> Query {
        CatalogStore.settings(actor: context.actor, requestID: context.requestID ?? "")
    }

    /// Sets the bounds of the transaction, and whom its revision names.
    static func settings(actor: String, requestID: String) -> Query {
        Query(
            CatalogStore.settings,
            [
                .text(actor.storable), .text(requestID.storable),
                .text("\(WriteLimits.lockTimeout.components.seconds)s"),
                .text("\(WriteLimits.idleTransactionTimeout.components.seconds)s"),
            ])
    }
}

extension PostgresError {
    /// Whether a commit that ended with this error may have happened all the same.
    fileprivate var leavesDoubt: Bool {
        code == .connectionLost || code == .timeout || code == .cancelled
            || (sqlState?.hasPrefix("57P0") ?? false)
    }
}
