package import CatalogModel
package import Postgres
package import Telemetry

/// Runs a refresh job: loads each of the plugin's sources and reconciles its entities.
///
/// A source that fails keeps what it loaded before and does not hold up the others. A source that
/// is disabled, or has left the configuration, loses its entities.
package struct SourceRefresher: JobRunner {
    /// Told of each new head right after its commit, to pass it on to replicas.
    package typealias Publisher = @Sendable (NamespaceHead) -> Void

    private let pool: Pool
    private let catalog: SourceCatalog
    private let reconciler: SourceReconciler
    private let loader: SourceLoader
    private let secrets: SecretResolver
    private let observer: Observer
    private let publish: Publisher

    /// Makes a runner for any number of workers.
    package init(
        pool: Pool, loader: SourceLoader, secrets: SecretResolver = SecretResolver(),
        observer: Observer,
        publish: @escaping Publisher = { _ in }
    ) {
        self.pool = pool
        self.loader = loader
        self.secrets = secrets
        self.observer = observer
        self.publish = publish
        catalog = SourceCatalog(pool: pool)
        reconciler = SourceReconciler(pool: pool)
    }

    /// Refreshes what the job names; throws a `JobFailure` that names each source that failed.
    ///
    /// Looks again at the end: a source that was configured anew meanwhile is refreshed again,
    /// because requests for that were answered with this job.
    package func run(
        _ job: Job, isCanceled: @Sendable () async -> Bool
    ) async throws -> JobResult {
        guard let plugin = Plugins.named(job.plugin) else {
            throw JobFailure("plugin \"\(job.plugin)\" not found", isTransient: false)
        }
        var done: [String: SourceDefinition] = [:]
        var loaded: [String: Int] = [:]
        var failures: [String: JobFailure] = [:]
        var removed = 0
        for round in 0..<JobLimits.refreshRounds {
            let records = try await records(of: job).filter {
                done[$0.definition.id] != $0.definition
            }
            if records.isEmpty, round > 0 { break }
            for record in records {
                if await isCanceled() { throw CancellationError() }
                try Task.checkCancellation()
                let id = record.definition.id
                done[id] = record.definition
                failures[id] = nil
                do throws(JobFailure) {
                    let outcome = try await refresh(record, plugin: plugin, job: job)
                    loaded[id] = outcome.loaded
                    removed += outcome.removed
                } catch {
                    failures[id] = error
                }
            }
        }
        guard failures.isEmpty else { throw SourceRefresher.combined(failures) }
        return JobResult(loaded: loaded.values.reduce(0, +), removed: removed)
    }

    private func records(of job: Job) async throws -> [SourceRecord] {
        let all = try await catalog.records(job.namespace, plugin: job.plugin, withRemoved: true)
        guard job.source != Job.allSources else { return all }
        guard let record = all.first(where: { $0.definition.id == job.source }) else {
            throw JobFailure("source \"\(job.source)\" not found", isTransient: false)
        }
        return [record]
    }

    private func refresh(
        _ record: SourceRecord, plugin: PluginDefinition, job: Job
    ) async throws(JobFailure) -> SourceReconciler.Outcome {
        let source = record.definition
        let began = ContinuousClock.now
        do {
            guard source.id != SourceRecord.reservedID else {
                throw JobFailure(
                    "source id \"\(SourceRecord.reservedID)\" is reserved", isTransient: false)
            }
            var target = SourceReconciler.Target(
                record.namespace, plugin: source.plugin, source: source.id,
                actor: job.requestedBy, requestID: job.id)
            target.began = began
            let entities =
                source.enabled
                ? try await loader.load(
                    secrets.resolved(source, in: record.namespace), plugin: plugin
                ).entities : []
            let outcome = try await reconciler.reconcile(
                target, with: entities,
                completion: record.isRemoved
                    ? .removed : source.enabled ? .available : .disabled)
            if let head = outcome.head { publish(head) }
            observer.observe(
                .sourceLoaded(
                    namespace: record.namespace.name, plugin: source.plugin, source: source.id,
                    loaded: outcome.loaded, removed: outcome.removed))
            return outcome
        } catch {
            throw await failed(record, SourceRefresher.failure(error), began)
        }
    }

    /// Records the failure with the source; its entities stay.
    private func failed(
        _ record: SourceRecord, _ failure: JobFailure, _ began: ContinuousClock.Instant
    ) async -> JobFailure {
        // The source is not to blame for a shutdown.
        if Task.isCancelled { return failure }
        let source = record.definition
        observer.observe(
            .sourceFailed(
                namespace: record.namespace.name, plugin: source.plugin, source: source.id,
                reason: failure.message))
        do {
            _ = try await pool.query(
                ReconcileStatements.recordFailure,
                [
                    .text(record.namespace.name), .text(source.plugin), .text(source.id),
                    .text(failure.message.clipped()),
                    .int8(began.duration(to: .now).nanoseconds), .text(failure.code),
                ])
            return failure
        } catch {
            return JobFailure(
                failure.message, isTransient: failure.isTransient || error.isOutage,
                code: failure.code)
        }
    }

    private static func failure(_ error: any Error) -> JobFailure {
        switch error {
        case let error as JobFailure: error
        case let error as LoadError:
            JobFailure(
                error.description, isTransient: error.isTransient, code: error.code.rawValue)
        case let error as RequestError:
            JobFailure(
                error.message, isTransient: error.code == .unavailable, code: error.code.rawValue)
        case let error as PostgresError:
            JobFailure(
                "database error: \(error)", isTransient: error.isOutage, code: "database_error")
        default: JobFailure("unexpected error: \(type(of: error))", isTransient: false)
        }
    }

    private static func combined(_ failures: [String: JobFailure]) -> JobFailure {
        let parts = failures.sorted { $0.key < $1.key }.map { id, failure in
            failure.message.contains("source \"\(id)\"")
                ? failure.message : "source \"\(id)\": \(failure.message)"
        }
        return JobFailure(
            parts.joined(separator: "; ").clipped(),
            isTransient: failures.values.contains(where: \.isTransient))
    }
}
