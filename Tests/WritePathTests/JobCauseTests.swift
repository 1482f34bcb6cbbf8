import CatalogModel
import Postgres
import Synchronization
import Telemetry
import TestSupport
import Testing

@testable import WritePath

@Suite("Attempts of a job and the revision that caused it", .manyTurns)
struct JobCauseTests {
    @Test func theNewestRevisionCausesAJobUnlessAnotherIsNamed() async throws {
        let database = try await JobsDatabase()
        try await database.change(
            "INSERT INTO entities (plugin, kind, name, doc) VALUES ('mcp', 'McpServer', 'a', '{}')")
        let revision = try await database.revision()
        #expect(revision == 1)
        let implied = try await database.queue.enqueue(
            .default, plugin: "mcp", source: "a", requestedBy: "u")
        #expect(implied.job.causedBy == Revision(1))
        // A revision that the store does not have, as after a restore, is no reason to wait.
        let lost = try await database.queue.enqueue(
            .default, plugin: "mcp", source: "b", requestedBy: "u", causedBy: Revision(99))
        #expect(lost.job.causedBy == Revision(1))
    }

    @Test func aJobWaitsForAReplicaThatHasAppliedItsCause() async throws {
        let database = try await JobsDatabase()
        try await database.change(
            "INSERT INTO entities (plugin, kind, name, doc) VALUES ('mcp', 'McpServer', 'a', '{}')")
        let job = try await database.queue.enqueue(
            .default, plugin: "mcp", requestedBy: "u"
        ).job
        let isApplied = Mutex(false)
        let asked = Mutex<[Revision]>([])
        let workers = JobWorkers(
            queue: database.queue,
            runner: JobWorkersTests.Runner { _, _ in
                #expect(isApplied.withLock { $0 })
                return JobResult(loaded: 0, removed: 0)
            }, observer: database.observer, name: "replica", options: JobWorkersTests.options()
        ) { _, revision in
            asked.withLock { $0.append(revision) }
            return isApplied.withLock { $0 }
        }
        try await JobWorkersTests().running(workers) {
            _ = await database.next { (observation: Observation) -> Bool? in
                guard case .jobFailed(let id, _, _, true, _) = observation, id == job.id else {
                    return nil
                }
                return true
            }
            let state = try await database.value(
                "SELECT state || attempt_count FROM refresh_jobs")
            // Between two claims, or within one.
            #expect(["queued0", "running1"].contains(state))
            isApplied.withLock { $0 = true }
            _ = await database.next { if case .jobSucceeded = $0 { true } else { nil } }
        }
        #expect(asked.withLock { Set($0) } == [Revision(1)])
        #expect(try await database.value("SELECT attempt_count FROM refresh_jobs") == "1")
    }

    @Test(arguments: [0, 1, 2]) func theConfiguredAttemptsAreTheLast(attempts: Int) async throws {
        let database = try await JobsDatabase()
        let queue = JobQueue(pool: database.pool, observer: database.observer, attempts: attempts)
        _ = try await queue.enqueue(.default, plugin: "mcp", requestedBy: "u")
        var states: [JobState] = []
        for _ in 0..<max(1, attempts) {
            let job = try #require(try await queue.claim(worker: "t"))
            let ended = try await queue.fail(job, JobFailure("gone", isTransient: true))
            states.append(try #require(ended).state)
            try await database.change("UPDATE refresh_jobs SET not_before = now()")
        }
        #expect(states.last == .failed)
        #expect(states.dropLast().allSatisfy { $0 == .queued })
        #expect(
            try await database.value("SELECT message FROM refresh_jobs")
                == "Max retries exceeded: gone")
        #expect(try await queue.claim(worker: "t") == nil)
    }

    @Test(.onPostgres) func theLimitsHoldForAllAndForANamespace() async throws {
        let database = try await JobsDatabase()
        try await database.change(
            """
            INSERT INTO refresh_jobs (namespace, plugin, idempotency_key, requested_at)
            SELECT 'ns-' || n / 16, 'p' || n, 'k' || n, now() - interval '1 hour'
            FROM generate_series(0, 159) n
            """)
        var claimed: [String: Int] = [:]
        while let job = try await database.queue.claim(worker: "t") {
            claimed[job.namespace.name, default: 0] += 1
        }
        #expect(claimed.values.reduce(0, +) == JobLimits.running)
        #expect(claimed.values.allSatisfy { $0 <= JobLimits.runningPerNamespace })
    }
}
