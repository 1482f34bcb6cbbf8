package import CatalogModel
package import Postgres

/// What a refresh came to: `RefreshResult` of the contract.
package struct RefreshResult: Sendable, Hashable {
    /// The source, or nil for all of a plugin.
    package let source: String?
    package private(set) var loaded: Int
    package private(set) var removed: Int
    package private(set) var duration: Duration
    package private(set) var error: String?

    /// The result of refreshing nothing.
    package static let none = RefreshResult(
        source: nil, loaded: 0, removed: 0, duration: .zero, error: nil)

    /// Adds what another source came to.
    package mutating func add(_ other: RefreshResult) {
        loaded += other.loaded
        removed += other.removed
        duration += other.duration
        error = error ?? other.error
    }

    /// The duration as people read it, such as `1.5s`.
    package var durationText: String {
        let ms = (duration / Duration.milliseconds(1)).rounded()
        return ms >= 1_000 ? "\(ms / 1_000)s" : "\(Int(ms))ms"
    }

    /// The result as clients see it; the duration in nanoseconds.
    package var json: JSONValue {
        var object = JSONObject()
        object["sourceId"] = .string(source ?? Job.allSources)
        object["entitiesLoaded"] = .int(loaded)
        object["entitiesRemoved"] = .int(removed)
        object["duration"] = .int(duration.nanoseconds)
        object["error"] = error.map { .string($0) }
        return .object(object)
    }
}

extension Duration {
    /// The whole nanoseconds, as the contract writes durations.
    var nanoseconds: Int64 {
        components.seconds * 1_000_000_000 + components.attoseconds / 1_000_000_000
    }
}

extension SourceRefresher {
    /// Refreshes a source, or all of a plugin, before it returns; failures are part of the result.
    ///
    /// Nobody else learns of it as a job; a job of the same source may run beside it.
    package func refreshNow(
        _ namespace: Namespace, _ plugin: PluginDefinition, source: String? = nil,
        by actor: String, requestID: String = ""
    ) async -> RefreshResult {
        let began = ContinuousClock.now
        let job = Job(
            id: requestID, namespace: namespace, plugin: plugin.name,
            source: source ?? Job.allSources, requestedBy: actor, requestedAtMs: 0,
            state: .running, progress: nil, message: nil, startedAtMs: nil, finishedAtMs: nil,
            attempt: 1, lastError: nil, loaded: nil, removed: nil, durationMs: nil,
            isCancelRequested: false, causedBy: nil)
        do {
            let result = try await run(job, isCanceled: { false })
            return RefreshResult(
                source: source, loaded: result.loaded, removed: result.removed,
                duration: began.duration(to: .now), error: nil)
        } catch {
            let reason = (error as? JobFailure)?.message ?? "the refresh was interrupted"
            return RefreshResult(
                source: source, loaded: 0, removed: 0, duration: began.duration(to: .now),
                error: reason)
        }
    }
}

extension JobQueue {
    private static let synchronousWait: Statement = """
        SELECT ceil($3::bigint - extract(epoch FROM clock_timestamp() - max(j.requested_at)))::bigint
        FROM refresh_jobs j
        WHERE j.namespace = $1 AND j.idempotency_key = $2
            AND j.requested_at > clock_timestamp() - $3::bigint * interval '1 second'
        """
    private static let synchronousLock: Statement =
        "SELECT pg_advisory_xact_lock(hashtextextended('refresh_jobs:' || $1, 0))"
    private static let synchronousInsert: Statement = """
        INSERT INTO refresh_jobs (namespace, plugin, source_id, requested_by, idempotency_key,
            state, started_at, finished_at, attempt_count, message)
        VALUES ($1, $2, $3, $4, $5, 'succeeded', clock_timestamp(), clock_timestamp(), 1,
            'Ran while the client waited')
        """

    /// Notes a refresh that runs without a job, under the same limit of one in 30 seconds.
    ///
    /// Throws `.tooManyRequests` with `retryAfter` in its details.
    package func noteSynchronous(
        _ namespace: Namespace, plugin: String, source: String, requestedBy: String, audit: Query?
    ) async throws(RequestError) {
        let key = Job.key(namespace, plugin: plugin, source: source)
        try await answering(namespace) {
            try await self.pool.transaction { connection in
                if let audit { _ = try await connection.query(audit.statement, audit.parameters) }
                _ = try await connection.query(Self.synchronousLock, [.text(key)])
                let rows = try await connection.query(
                    Self.synchronousWait,
                    [.text(namespace.name), .text(key), .int8(JobLimits.refreshSeconds)])
                if let left = try rows.optionalInt64(0, 0) {
                    let seconds = max(1, left)
                    throw RequestError(
                        .tooManyRequests, "rate limited, retry after \(seconds) seconds",
                        details: ["retryAfter": String(seconds)])
                }
                _ = try await connection.query(
                    Self.synchronousInsert,
                    [
                        .text(namespace.name), .text(plugin), .text(source),
                        .text(requestedBy.storable), .text(key),
                    ])
            }
        }
    }
}
