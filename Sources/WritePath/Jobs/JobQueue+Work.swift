package import CatalogModel
package import Postgres
import Telemetry

/// What workers call; errors are those of Postgres.
extension JobQueue {
    /// How an attempt ended.
    package enum Outcome: Sendable, Equatable {
        case succeeded(JobResult)
        case failed(JobFailure)
        /// The runner stopped because the job was canceled.
        case stopped
        /// The worker shuts down.
        case interrupted
        /// The worker's replica has not applied what caused the job.
        case behind

        fileprivate func event(jitter: Double) -> JobMachine.Event {
            switch self {
            case .succeeded(let result): .succeeded(result)
            case .failed(let failure): .failed(failure, jitter: jitter)
            case .stopped: .stopped
            case .interrupted: .interrupted
            case .behind: .behind
            }
        }
    }

    private static let claim = Statement(
        """
        WITH next AS (
            SELECT q.id FROM refresh_jobs q
            WHERE q.state = 'queued' AND q.not_before <= clock_timestamp() AND q.attempt_count <= $1
                AND (SELECT count(*) FROM refresh_jobs r WHERE r.state = 'running') < $2
                AND (SELECT count(*) FROM refresh_jobs r
                    WHERE r.state = 'running' AND r.namespace = q.namespace) < $3
                AND (SELECT count(*) FROM refresh_jobs r WHERE r.state = 'running'
                    AND r.namespace = q.namespace AND r.plugin = q.plugin) < $4
            ORDER BY q.requested_at, q.id LIMIT 1 FOR UPDATE SKIP LOCKED
        )
        UPDATE refresh_jobs j
        SET state = 'running', attempt_count = j.attempt_count + 1, started_at = clock_timestamp(),
            finished_at = NULL, cancel_requested = false, progress = $5,
            not_before = clock_timestamp() + $6::bigint * interval '1 millisecond'
        FROM next WHERE j.id = next.id
        RETURNING \(JobRows.columns)
        """)
    private static let lockOne = Statement(
        """
        SELECT \(JobRows.columns) FROM refresh_jobs j WHERE j.id::text = $1 FOR UPDATE
        """)
    private static let lockOfNamespace = Statement(
        """
        SELECT \(JobRows.columns) FROM refresh_jobs j
        WHERE j.namespace = $1 AND j.id::text = $2 FOR UPDATE
        """)
    private static let lockStuck = Statement(
        """
        SELECT \(JobRows.columns) FROM refresh_jobs j WHERE j.state = 'running'
            AND (j.started_at < clock_timestamp() - $1::bigint * interval '1 millisecond'
                OR j.not_before < clock_timestamp())
        ORDER BY j.started_at LIMIT $2 FOR UPDATE SKIP LOCKED
        """)
    private static let apply = Statement(
        """
        UPDATE refresh_jobs j
        SET state = $2, attempt_count = $3, cancel_requested = $4,
            message = COALESCE($5, j.message), last_error = COALESCE($6, j.last_error),
            entities_loaded = COALESCE($7, j.entities_loaded),
            entities_removed = COALESCE($8, j.entities_removed),
            progress = CASE WHEN $2 = 'running' THEN j.progress END,
            not_before = CASE WHEN $2 = 'running' THEN j.not_before
                ELSE clock_timestamp() + $9::bigint * interval '1 millisecond' END,
            finished_at = CASE WHEN $2 IN ('queued', 'running') THEN NULL
                ELSE clock_timestamp() END,
            duration_ms = CASE WHEN $2 IN ('queued', 'running') THEN NULL
                ELSE (extract(epoch FROM clock_timestamp() - j.started_at) * 1000)::bigint END
        WHERE j.id::text = $1
        RETURNING \(JobRows.columns)
        """)
    private static let renew: Statement = """
        UPDATE refresh_jobs SET not_before = clock_timestamp() + $3::bigint * interval '1 millisecond'
        WHERE id::text = $1 AND state = 'running' AND attempt_count = $2
        """
    private static let isWanted: Statement = """
        SELECT NOT cancel_requested FROM refresh_jobs
        WHERE id::text = $1 AND state = 'running' AND attempt_count = $2
        """
    private static let clean: Statement = """
        DELETE FROM refresh_jobs WHERE id IN (
            SELECT id FROM refresh_jobs
            WHERE state IN ('succeeded', 'failed', 'canceled')
                AND finished_at < clock_timestamp() - $1::bigint * interval '1 millisecond'
            LIMIT $2 FOR UPDATE SKIP LOCKED)
        """

    /// Takes the oldest job that may run now, or nil; no other worker gets it.
    ///
    /// The limits per namespace and plugin are those of a moment: two replicas that claim at the
    /// same time may exceed them by one.
    package func claim(worker: String) async throws -> Job? {
        try await pool.transaction { connection in
            let rows = try await connection.query(
                JobQueue.claim,
                [
                    .int8(Int64(attempts)), .int8(Int64(JobLimits.running)),
                    .int8(Int64(JobLimits.runningPerNamespace)),
                    .int8(Int64(JobLimits.runningPerPlugin)), .text("Running on \(worker)"),
                    .int8(JobLimits.lease.wholeMs),
                ])
            return try JobRows.first(rows)
        }
    }

    /// Writes that the claimed attempt succeeded; nil when the job is no longer this attempt's.
    package func finish(_ job: Job, _ result: JobResult) async throws -> Job? {
        try await end(job, .succeeded(result))
    }

    /// Writes that the claimed attempt failed: queued again or over; nil as for `finish`.
    package func fail(_ job: Job, _ failure: JobFailure) async throws -> Job? {
        try await end(job, .failed(failure))
    }

    /// Writes how the claimed attempt ended; nil when the job is no longer this attempt's.
    package func end(_ job: Job, _ outcome: Outcome) async throws -> Job? {
        let event = outcome.event(jitter: .random(in: 0...1))
        return try await pool.transaction { connection in
            let rows = try await connection.query(JobQueue.lockOne, [.text(job.id)])
            guard let present = try JobRows.first(rows), present.attempt == job.attempt,
                present.state == .running, let change = self.machine(present).after(event)
            else { return nil }
            return try await JobQueue.apply(change, to: present, on: connection)
        }
    }

    /// Cancels a job: at once when it waits, at its next step when it runs.
    ///
    /// `audit` is written in the same transaction. Throws `.notFound`, or `.conflict` when the
    /// job is over.
    package func cancel(
        _ namespace: Namespace, id: String, audit: Query? = nil
    ) async throws(RequestError) -> Job {
        let canonical = try JobQueue.canonical(id)
        return try await answering(namespace) {
            try await self.pool.transaction { connection in
                if let audit { _ = try await connection.query(audit.statement, audit.parameters) }
                let rows = try await connection.query(
                    JobQueue.lockOfNamespace, [.text(namespace.name), .text(canonical)])
                guard let present = try JobRows.first(rows) else { throw JobQueue.notFound(id) }
                guard let change = self.machine(present).after(.cancelAsked) else {
                    throw RequestError.conflict(
                        "failed to cancel job: job \"\(id)\" is already \(present.state.rawValue)")
                }
                return try await JobQueue.apply(change, to: present, on: connection)
            }
        }
    }

    /// Takes back jobs whose worker is gone or took longer than the timeout; returns how many.
    package func recoverStuck(
        claimTimeout: Duration = JobLimits.claimTimeout
    ) async throws -> Int {
        let count = try await pool.transaction { connection in
            let rows = try await connection.query(
                JobQueue.lockStuck,
                [.int8(claimTimeout.wholeMs), .int8(Int64(JobLimits.recoveryBatch))])
            for row in 0..<rows.count {
                let job = try JobRows.job(rows, row)
                guard let change = self.machine(job).after(.timedOut) else { continue }
                _ = try await JobQueue.apply(change, to: job, on: connection)
            }
            return rows.count
        }
        if count > 0 { observer.observe(.jobsReclaimed(count: count)) }
        return count
    }

    /// Deletes finished jobs of that age, in bounded steps; returns how many.
    package func deleteFinished(olderThan age: Duration = JobLimits.retention) async throws -> Int {
        var total = 0
        while true {
            let deleted = try await pool.withConnection { connection in
                try await connection.query(
                    JobQueue.clean,
                    [.int8(age.wholeMs), .int8(Int64(JobLimits.cleanupBatch))]
                ).affectedRows
            }
            total += deleted
            if deleted < JobLimits.cleanupBatch { return total }
        }
    }

    /// Says that the worker of this attempt is alive.
    func renewLease(_ job: Job) async throws(PostgresError) {
        _ = try await pool.query(
            JobQueue.renew,
            [.text(job.id), .int8(Int64(job.attempt)), .int8(JobLimits.lease.wholeMs)])
    }

    /// Whether this attempt should stop: canceled, or taken back meanwhile.
    ///
    /// False when Postgres does not answer; the next step of the job will notice that.
    func isCanceled(_ job: Job) async -> Bool {
        do {
            let rows = try await pool.query(
                JobQueue.isWanted, [.text(job.id), .int8(Int64(job.attempt))])
            return rows.isEmpty ? true : try !rows.bool(0, 0)
        } catch {
            return false
        }
    }

    private func machine(_ job: Job) -> JobMachine {
        JobMachine(
            state: job.state, attempt: job.attempt, isCancelRequested: job.isCancelRequested,
            attempts: attempts)
    }

    private static func apply(
        _ change: JobMachine.Change, to job: Job, on connection: Connection
    ) async throws(PostgresError) -> Job {
        let rows = try await connection.query(
            apply,
            [
                .text(job.id), .text(change.state.rawValue), .int8(Int64(change.attempt)),
                .bool(change.isCancelRequested), .optional(change.message?.clipped()),
                .optional(change.lastError?.clipped()),
                .optional(change.result.map { Int64($0.loaded) }),
                .optional(change.result.map { Int64($0.removed) }), .int8(change.delay.wholeMs),
            ])
        guard let job = try JobRows.first(rows) else {
            throw PostgresError(.decoding, "a locked job is gone")
        }
        return job
    }
}
