package import CatalogModel
import Postgres
package import Telemetry

/// The worker loops of one replica: they take jobs and run them, one job a loop.
///
/// Call `run` in a service, `wake` for each notification on channel `catalog_jobs`, and `stop` to
/// end: a job that runs gets the grace period, and is then put back into the queue. Cancelling
/// `run` ends at once; its jobs are taken back when their lease is over.
package final class JobWorkers: Sendable {
    /// How the loops behave; the defaults are those of `JobLimits`.
    package struct Options: Sendable {
        package var workers = JobLimits.workers
        package var pollInterval = JobLimits.pollInterval
        package var leaseRenewal = JobLimits.leaseRenewal
        package var recoveryInterval = JobLimits.recoveryInterval
        package var claimTimeout = JobLimits.claimTimeout
        package var retention = JobLimits.retention
        package var stopGrace = JobLimits.stopGrace

        /// The defaults.
        package init() {}
    }

    private let queue: JobQueue
    private let runner: any JobRunner
    private let observer: Observer
    private let name: String
    private let options: Options
    private let hasApplied: @Sendable (Namespace, Revision) async -> Bool
    private let signal = WakeSignal()
    private let stopSignal = WakeSignal()

    /// Prepares workers; `name` tells replicas apart in the progress text of a job.
    ///
    /// `hasApplied` waits a bounded time until this replica has applied a revision: a job that was
    /// caused by one which it has not is left to others.
    package init(
        queue: JobQueue, runner: any JobRunner, observer: Observer, name: String,
        options: Options = Options(),
        hasApplied: @escaping @Sendable (Namespace, Revision) async -> Bool = { _, _ in true }
    ) {
        precondition(options.workers > 0)
        self.queue = queue
        self.runner = runner
        self.observer = observer
        self.name = name
        self.options = options
        self.hasApplied = hasApplied
    }

    /// Makes every idle worker look for a job now; any thread may call it.
    package func wake() { signal.signal() }

    /// Makes `run` return once the jobs that run are done, or the grace period is over.
    package func stop() {
        stopSignal.signal()
        signal.signal()
    }

    /// Works until stopped or cancelled; once stopped, further work needs new workers.
    package func run() async {
        await withTaskGroup { group in
            for index in 1...options.workers {
                group.addTask { await self.work(worker: "\(self.name)/\(index)") }
            }
            let upkeep: [@Sendable () async -> Void] = [
                { await self.repeatUntilStopped(every: self.options.pollInterval) { self.wake() } },
                {
                    await self.repeatUntilStopped(every: self.options.recoveryInterval) {
                        await self.recover()
                    }
                },
                {
                    await self.repeatUntilStopped(every: JobLimits.cleanupInterval) {
                        await self.clean()
                    }
                },
            ]
            for body in upkeep { group.addTask { await body() } }
        }
    }

    private var isStopping: Bool { stopSignal.count > 0 || Task.isCancelled }

    // MARK: Work

    private func work(worker: String) async {
        while !isStopping {
            let seen = signal.count
            if let job = await claim(worker) {
                await perform(job)
                // The next job of a plugin may only start when the one before it is over.
                wake()
            } else {
                await signal.wait(past: seen)
            }
        }
    }

    private func claim(_ worker: String) async -> Job? {
        do {
            return try await queue.claim(worker: worker)
        } catch {
            report(error, "claim")
            return nil
        }
    }

    private func perform(_ job: Job) async {
        observer.observe(
            .jobStarted(
                id: job.id, plugin: job.plugin, source: job.source, attempt: job.attempt))
        let start = ContinuousClock.now
        let outcome = await outcome(of: job)
        guard let ended = await end(job, outcome) else { return }
        switch outcome {
        case .succeeded(let result):
            observer.observe(
                .jobSucceeded(
                    id: job.id, plugin: job.plugin, loaded: result.loaded,
                    removed: result.removed, duration: .now - start))
        case .failed(let failure):
            observe(failure.message, ended)
        case .stopped:
            observe(JobMachine.canceledMessage, ended)
        case .interrupted:
            observe(JobMachine.interruptedMessage, ended)
        case .behind:
            observe("this replica has not applied the revision that caused the job", ended)
        }
    }

    private func observe(_ reason: String, _ job: Job) {
        observer.observe(
            .jobFailed(
                id: job.id, plugin: job.plugin, attempt: job.attempt,
                willRetry: job.state == .queued, reason: reason))
    }

    /// Runs the job beside the renewal of its lease and the watch for the end of the workers.
    private func outcome(of job: Job) async -> JobQueue.Outcome {
        await withTaskGroup(of: JobQueue.Outcome?.self) { group in
            group.addTask { await self.attempt(job) }
            group.addTask {
                await self.renewLease(job)
                return nil
            }
            group.addTask {
                await self.stopSignal.wait(past: 0)
                try? await Task.sleep(for: self.options.stopGrace)
                return nil
            }
            // Whichever ends first ends the others; only the attempt has an outcome.
            var outcome = await group.next() ?? nil
            group.cancelAll()
            for await other in group where outcome == nil { outcome = other }
            return outcome ?? .interrupted
        }
    }

    private func attempt(_ job: Job) async -> JobQueue.Outcome {
        if let cause = job.causedBy, !(await hasApplied(job.namespace, cause)) {
            return Task.isCancelled ? .interrupted : .behind
        }
        do {
            let result = try await runner.run(job) { await self.queue.isCanceled(job) }
            return .succeeded(result)
        } catch {
            if Task.isCancelled { return .interrupted }
            switch error {
            case is CancellationError: return .stopped
            case let failure as JobFailure: return .failed(failure)
            case let error as PostgresError:
                return .failed(
                    JobFailure("database error: \(error.code)", isTransient: error.isOutage))
            case let error as RequestError:
                return .failed(
                    JobFailure(error.message, isTransient: error.code == .unavailable))
            default:
                return .failed(JobFailure("unexpected error: \(error)", isTransient: false))
            }
        }
    }

    /// Returns only when the attempt is over, or no longer this worker's.
    private func renewLease(_ job: Job) async {
        while !Task.isCancelled {
            try? await Task.sleep(for: options.leaseRenewal)
            if Task.isCancelled { return }
            do {
                try await queue.renewLease(job)
            } catch {
                report(error, "lease")
            }
        }
    }

    /// Writes the end of an attempt, patiently; else the job is taken back when its lease is over.
    private func end(_ job: Job, _ outcome: JobQueue.Outcome) async -> Job? {
        for remaining in (0..<JobLimits.bookkeepingTries).reversed() {
            do {
                return try await queue.end(job, outcome)
            } catch {
                report(error, "end of job")
            }
            if remaining > 0 { try? await Task.sleep(for: JobLimits.bookkeepingPause) }
        }
        return nil
    }

    // MARK: Upkeep

    private func recover() async {
        do {
            if try await queue.recoverStuck(claimTimeout: options.claimTimeout) > 0 { wake() }
        } catch {
            report(error, "recovery")
        }
    }

    private func clean() async {
        do {
            _ = try await queue.deleteFinished(olderThan: options.retention)
        } catch {
            report(error, "cleanup")
        }
    }

    private func repeatUntilStopped(
        every interval: Duration, _ body: @escaping @Sendable () async -> Void
    ) async {
        await withTaskGroup { group in
            group.addTask {
                while !self.isStopping {
                    await body()
                    try? await Task.sleep(for: interval)
                }
            }
            group.addTask { await self.stopSignal.wait(past: 0) }
            await group.next()
            group.cancelAll()
        }
    }

    private func report(_ error: any Error, _ step: String) {
        let known = error as? PostgresError
        if known?.code == .cancelled { return }
        let reason = known.map { "\($0)" } ?? "\(type(of: error))"
        observer.observe(
            .writeFailed(
                namespace: "", code: known?.code.description ?? "unexpected",
                reason: "jobs, \(step): \(reason)"))
    }
}
