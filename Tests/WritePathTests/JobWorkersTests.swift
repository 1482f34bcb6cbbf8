import CatalogModel
import Postgres
import Synchronization
import Telemetry
import TestSupport
import Testing

@testable import WritePath

@Suite("The workers of one replica", .manyTurns)
struct JobWorkersTests {
    /// A runner that does what the test says.
    struct Runner: JobRunner {
        let body: @Sendable (Job, @Sendable () async -> Bool) async throws -> JobResult

        func run(
            _ job: Job, isCanceled: @Sendable () async -> Bool
        ) async throws -> JobResult {
            try await body(job, isCanceled)
        }
    }

    /// A door that tests open.
    final class Gate: Sendable {
        private let signal = WakeSignal()

        func open() { signal.signal() }

        func pass() async { await signal.wait(past: 0) }
    }

    static func options(poll: Duration = .milliseconds(20)) -> JobWorkers.Options {
        var options = JobWorkers.Options()
        options.pollInterval = poll
        return options
    }

    func workers(
        _ database: JobsDatabase, options: JobWorkers.Options = options(),
        _ body: @escaping @Sendable (Job, @Sendable () async -> Bool) async throws -> JobResult
    ) -> JobWorkers {
        JobWorkers(
            queue: database.queue, runner: Runner(body: body), observer: database.observer,
            name: "replica", options: options)
    }

    /// Runs workers beside a body and stops them after it.
    func running(
        _ workers: JobWorkers..., body: () async throws -> Void
    ) async throws {
        try await withThrowingTaskGroup { group in
            for workers in workers { group.addTask { await workers.run() } }
            try await body()
            for workers in workers { workers.stop() }
            try await group.waitForAll()
        }
    }

    @Test func jobsAreRunOnceOverTwoReplicas() async throws {
        let database = try await JobsDatabase()
        let runs = Mutex<[String: Int]>([:])
        let body: @Sendable (Job, @Sendable () async -> Bool) async throws -> JobResult = {
            job, _ in
            runs.withLock { $0[job.id, default: 0] += 1 }
            return JobResult(loaded: 1, removed: 0)
        }
        let first = workers(database, body)
        let second = workers(database, body)
        for plugin in Plugins.all {
            for source in ["a", "b", "c"] {
                _ = try await database.queue.enqueue(
                    .default, plugin: plugin.name, source: source, requestedBy: "u")
            }
        }
        let total = Plugins.all.count * 3
        try await running(first, second) {
            for _ in 0..<total {
                _ = await database.next { if case .jobSucceeded = $0 { true } else { nil } }
            }
        }
        let counts = runs.withLock { $0 }
        #expect(counts.count == total && counts.values.allSatisfy { $0 == 1 })
    }

    @Test func aWakeIsEnoughWithoutPolling() async throws {
        let database = try await JobsDatabase()
        let workers = workers(database, options: Self.options(poll: .seconds(3_600))) { _, _ in
            JobResult(loaded: 3, removed: 1)
        }
        try await running(workers) {
            let job = try await database.queue.enqueue(
                .default, plugin: "mcp", requestedBy: "u"
            ).job
            workers.wake()
            let counts = await database.next { observation -> [Int]? in
                if case .jobSucceeded(job.id, "mcp", let loaded, let removed, _) = observation {
                    return [loaded, removed]
                }
                return nil
            }
            #expect(counts == [3, 1])
            #expect(try await database.queue.get(.default, id: job.id).state == .succeeded)
        }
    }

    @Test func transientFailuresAreTriedAgainAndOthersAreNot() async throws {
        let database = try await JobsDatabase()
        let workers = workers(database) { job, _ in
            if job.plugin == "agents" { throw JobFailure("bad file", isTransient: false) }
            if job.attempt == 1 { throw PostgresError(.connectionLost, "gone") }
            return JobResult(loaded: 1, removed: 0)
        }
        let bad = try await database.queue.enqueue(.default, plugin: "agents", requestedBy: "u")
        let good = try await database.queue.enqueue(.default, plugin: "mcp", requestedBy: "u")
        try await running(workers) {
            _ = await database.next {
                if case .jobSucceeded(good.job.id, _, _, _, _) = $0 { true } else { nil }
            }
        }
        let failed = try await database.queue.get(.default, id: bad.job.id)
        #expect(failed.state == .failed && failed.message == "bad file" && failed.attempt == 1)
        let succeeded = try await database.queue.get(.default, id: good.job.id)
        #expect(succeeded.state == .succeeded && succeeded.attempt == 2)
        #expect(succeeded.lastError == "database error: connectionLost")
    }

    @Test func aRunningJobStopsWhenCanceled() async throws {
        let database = try await JobsDatabase()
        let workers = workers(database) { _, isCanceled in
            while await !isCanceled() { await Task.yield() }
            throw CancellationError()
        }
        let job = try await database.queue.enqueue(.default, plugin: "mcp", requestedBy: "u").job
        try await running(workers) {
            _ = await database.next { if case .jobStarted = $0 { true } else { nil } }
            _ = try await database.queue.cancel(.default, id: job.id)
            _ = await database.next { if case .jobFailed = $0 { true } else { nil } }
        }
        let ended = try await database.queue.get(.default, id: job.id)
        #expect(ended.state == .canceled && ended.message == "Canceled by user")
    }

    @Test func stoppingWaitsForTheRunningJob() async throws {
        let database = try await JobsDatabase()
        let gate = Gate()
        let workers = workers(database) { _, _ in
            await gate.pass()
            return JobResult(loaded: 1, removed: 0)
        }
        let job = try await database.queue.enqueue(.default, plugin: "mcp", requestedBy: "u").job
        try await running(workers) {
            _ = await database.next { if case .jobStarted = $0 { true } else { nil } }
            workers.stop()
            gate.open()
        }
        #expect(try await database.queue.get(.default, id: job.id).state == .succeeded)
    }

    @Test func aJobThatOutlastsTheGracePeriodIsQueuedAgain() async throws {
        let database = try await JobsDatabase()
        var options = Self.options()
        options.stopGrace = .zero
        let gate = Gate()
        let workers = workers(database, options: options) { _, _ in
            await gate.pass()
            try Task.checkCancellation()
            return JobResult(loaded: 1, removed: 0)
        }
        let job = try await database.queue.enqueue(.default, plugin: "mcp", requestedBy: "u").job
        try await running(workers) {
            _ = await database.next { if case .jobStarted = $0 { true } else { nil } }
        }
        let ended = try await database.queue.get(.default, id: job.id)
        #expect(ended.state == .queued && ended.attempt == 0)
        #expect(ended.lastError == "Interrupted by shutdown")
    }

    @Test func workersTakeBackTheJobsOfTheDead() async throws {
        let database = try await JobsDatabase()
        let job = try await database.queue.enqueue(.default, plugin: "mcp", requestedBy: "u").job
        _ = try await database.queue.claim(worker: "dead")
        try await database.change("UPDATE refresh_jobs SET not_before = now() - interval '1 s'")
        let workers = workers(database) { _, _ in JobResult(loaded: 1, removed: 0) }
        try await running(workers) {
            _ = await database.next { if case .jobSucceeded = $0 { true } else { nil } }
        }
        let ended = try await database.queue.get(.default, id: job.id)
        #expect(ended.state == .succeeded && ended.attempt == 2)
        #expect(database.observer.count(of: .jobsReclaimed) == 1)
    }

    @Test func aSignalBeforeTheWaitIsNotLostAndCancellationEndsIt() async {
        let signal = WakeSignal()
        let seen = signal.count
        signal.signal()
        await signal.wait(past: seen)
        await withTaskGroup { group in
            group.addTask { await signal.wait(past: signal.count) }
            group.cancelAll()
        }
        #expect(signal.count == 1)
    }
}
