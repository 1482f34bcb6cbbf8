package import CatalogModel
package import Postgres
package import Telemetry

/// The refresh jobs in Postgres: what clients ask for, and what workers take.
///
/// All rules hold over any number of replicas, because the database decides. What clients call
/// throws `RequestError`, with `.unavailable` when Postgres does not answer.
package final class JobQueue: Sendable {
    /// What an enqueue gives back.
    package struct Enqueued: Sendable {
        package let job: Job
        /// False when a job that waits or runs already stands for the request.
        package let isNew: Bool
    }

    let pool: Pool
    let observer: Observer
    /// Attempts that one job has.
    let attempts: Int

    /// Makes a queue over the tables of the pool's database.
    package init(pool: Pool, observer: Observer, attempts: Int = JobLimits.attempts) {
        precondition(attempts >= 0)
        self.pool = pool
        self.observer = observer
        self.attempts = attempts
    }

    private static let lockKey: Statement =
        "SELECT pg_advisory_xact_lock(hashtextextended('refresh_jobs:' || $1, 0))"
    private static let active = Statement(
        """
        SELECT \(JobRows.columns) FROM refresh_jobs j
        WHERE j.idempotency_key = $1 AND j.state IN ('queued', 'running')
        """)
    private static let recent = Statement(
        """
        SELECT \(JobRows.columns) FROM refresh_jobs j
        WHERE j.idempotency_key = $1 AND j.state <> 'canceled'
            AND j.requested_at > clock_timestamp() - $2::bigint * interval '1 millisecond'
        ORDER BY j.requested_at DESC LIMIT 1
        """)
    private static let waitSeconds: Statement = """
        SELECT ceil($3::bigint - extract(epoch FROM clock_timestamp() - max(j.requested_at)))::bigint
        FROM refresh_jobs j
        WHERE j.namespace = $1 AND j.idempotency_key = $2 AND j.requested_by <> $4
            AND j.requested_at > clock_timestamp() - $3::bigint * interval '1 second'
        """
    private static let insert = Statement(
        """
        INSERT INTO refresh_jobs AS j
            (namespace, plugin, source_id, requested_by, idempotency_key, caused_by_revision)
        VALUES ($1, $2, $3, $4, $5,
            COALESCE($6::bigint, (SELECT n.revision FROM namespaces n WHERE n.name = $1)))
        ON CONFLICT (idempotency_key) WHERE state IN ('queued', 'running') DO NOTHING
        RETURNING \(JobRows.columns)
        """)
    private static let notify: Statement = "SELECT pg_notify('catalog_jobs', $1)"

    /// Asks for a refresh of one source, or of all of a plugin; wakes workers after the commit.
    ///
    /// `audit` is written in the same transaction. Throws `.tooManyRequests` with `retryAfter` in
    /// its details when a client asked for the same less than 30 seconds ago and that job is over;
    /// jobs of `Job.system` are not limited and limit nobody.
    /// Without `causedBy` it is the newest revision of the namespace that caused the job.
    /// A job that was asked for within `age` is the answer even when it is over.
    package func enqueue(
        _ namespace: Namespace, plugin: String, source: String = Job.allSources,
        requestedBy: String, causedBy revision: Revision? = nil, audit: Query? = nil,
        unlessAskedWithin age: Duration = .zero
    ) async throws(RequestError) -> Enqueued {
        for text in [plugin, source, requestedBy] where text.utf8.contains(0) {
            throw .badRequest("a refresh must not contain the character U+0000")
        }
        let key = Job.key(namespace, plugin: plugin, source: source)
        let values: [Parameter] = [
            .text(namespace.name), .text(plugin), .text(source), .text(requestedBy), .text(key),
            .optional(revision.map { Int64(clamping: $0.value) }),
        ]
        let isLimited = requestedBy != Job.system
        let enqueued = try await answering(namespace) {
            try await self.pool.transaction { connection in
                if let audit { _ = try await connection.query(audit.statement, audit.parameters) }
                _ = try await connection.query(JobQueue.lockKey, [.text(key)])
                for _ in 0..<JobLimits.raceRetries {
                    let present = try await connection.query(JobQueue.active, [.text(key)])
                    if let job = try JobRows.first(present) {
                        return Enqueued(job: job, isNew: false)
                    }
                    if age > .zero {
                        let recent = try await connection.query(
                            JobQueue.recent, [.text(key), .int8(age.wholeMs)])
                        if let job = try JobRows.first(recent) {
                            return Enqueued(job: job, isNew: false)
                        }
                    }
                    if isLimited {
                        try await self.checkRate(namespace, key: key, on: connection)
                    }
                    let inserted = try await connection.query(JobQueue.insert, values)
                    if let job = try JobRows.first(inserted) {
                        return Enqueued(job: job, isNew: true)
                    }
                }
                throw RequestError.unavailable("the job queue is busy")
            }
        }
        if enqueued.isNew { await notify(plugin) }
        return enqueued
    }

    private func checkRate(
        _ namespace: Namespace, key: String, on connection: Connection
    ) async throws {
        let rows = try await connection.query(
            JobQueue.waitSeconds,
            [
                .text(namespace.name), .text(key), .int8(JobLimits.refreshSeconds),
                .text(Job.system),
            ])
        guard let left = try rows.optionalInt64(0, 0) else { return }
        let seconds = max(1, left)
        throw RequestError(
            .tooManyRequests, "rate limited, retry after \(seconds) seconds",
            details: ["retryAfter": String(seconds)])
    }

    /// Wakes the workers of all replicas; they poll too, so a failure only costs time.
    private func notify(_ plugin: String) async {
        do {
            _ = try await pool.query(JobQueue.notify, [.text(plugin)])
        } catch {
            observer.observe(
                .writeFailed(
                    namespace: "", code: error.code.description, reason: "notify: \(error)"))
        }
    }

    /// Runs what a client asked for, with errors that can be sent to it.
    func answering<R>(
        _ namespace: Namespace, _ body: () async throws -> R
    ) async throws(RequestError) -> R {
        do {
            return try await body()
        } catch {
            throw RequestError.of(error, namespace: namespace.name, observer: observer)
        }
    }
}
