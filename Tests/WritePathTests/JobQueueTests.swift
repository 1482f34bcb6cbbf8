import CatalogModel
import Postgres
import Telemetry
import TestSupport
import Testing

@testable import WritePath

@Suite("The job queue in Postgres", .manyTurns)
struct JobQueueTests {
    @Test func aJobThatWaitsOrRunsStandsForLaterRequests() async throws {
        let database = try await JobsDatabase()
        let queue = database.queue
        let first = try await queue.enqueue(.default, plugin: "mcp", requestedBy: "alice")
        let second = try await queue.enqueue(.default, plugin: "mcp", requestedBy: "bob")
        #expect(first.isNew && !second.isNew && first.job.id == second.job.id)
        let running = try #require(try await queue.claim(worker: "w"))
        let third = try await queue.enqueue(.default, plugin: "mcp", requestedBy: "bob")
        #expect(third.job.id == running.id && third.job.state == .running && !third.isNew)
        let other = try await queue.enqueue(
            .default, plugin: "mcp", source: "s1", requestedBy: "bob")
        #expect(other.isNew)
    }

    @Test func concurrentRequestsGetTheSameJob() async throws {
        let database = try await JobsDatabase()
        let results = try await withThrowingTaskGroup(of: JobQueue.Enqueued.self) { group in
            for index in 0..<40 {
                group.addTask {
                    try await database.queue.enqueue(
                        .default, plugin: "mcp", requestedBy: "user\(index)")
                }
            }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        #expect(Set(results.map(\.job.id)).count == 1)
        #expect(results.filter(\.isNew).count == 1)
        #expect(try await database.value("SELECT count(*) FROM refresh_jobs") == "1")
    }

    @Test func clientsMayRefreshTheSameOnceInThirtySeconds() async throws {
        let database = try await JobsDatabase()
        let queue = database.queue
        _ = try await queue.enqueue(.default, plugin: "mcp", requestedBy: "alice")
        let job = try #require(try await queue.claim(worker: "w"))
        _ = try await queue.finish(job, JobResult(loaded: 1, removed: 0))
        let error = await #expect(throws: RequestError.self) {
            try await queue.enqueue(.default, plugin: "mcp", requestedBy: "bob")
        }
        #expect(error?.code == .tooManyRequests)
        let seconds = try #require(error?.details["retryAfter"].flatMap { Int($0) })
        #expect((1...30).contains(seconds))
        #expect(error?.message == "rate limited, retry after \(seconds) seconds")
        // Another source, namespace, plugin, and the server itself, are not concerned.
        let team = try Namespace("team")
        #expect(
            try await queue.enqueue(
                .default, plugin: "mcp", source: "s", requestedBy: "bob"
            ).isNew)
        #expect(try await queue.enqueue(team, plugin: "mcp", requestedBy: "bob").isNew)
        #expect(try await queue.enqueue(.default, plugin: "agents", requestedBy: "bob").isNew)
        let own = try await queue.enqueue(.default, plugin: "mcp", requestedBy: Job.system)
        #expect(own.isNew)
        try await database.change(
            "DELETE FROM refresh_jobs WHERE id::text = $1", [.text(own.job.id)])
        try await database.age(31)
        #expect(try await queue.enqueue(.default, plugin: "mcp", requestedBy: "bob").isNew)
    }

    @Test func theServersOwnJobsLimitNobody() async throws {
        let database = try await JobsDatabase()
        _ = try await database.queue.enqueue(.default, plugin: "mcp", requestedBy: Job.system)
        let job = try #require(try await database.queue.claim(worker: "w"))
        _ = try await database.queue.finish(job, JobResult(loaded: 1, removed: 0))
        #expect(
            try await database.queue.enqueue(.default, plugin: "mcp", requestedBy: "a").isNew)
    }

    @Test func theAuditEventIsWrittenWithTheJobOrNotAtAll() async throws {
        let database = try await JobsDatabase()
        let audit = Query(
            """
            INSERT INTO audit_events (namespace, event_type, actor, outcome)
            VALUES ('default', 'management', $1, 'success')
            """, [.text("alice")])
        _ = try await database.queue.enqueue(
            .default, plugin: "mcp", requestedBy: "alice", audit: audit)
        #expect(try await database.value("SELECT count(*) FROM audit_events") == "1")
        let job = try #require(try await database.queue.claim(worker: "w"))
        _ = try await database.queue.finish(job, JobResult(loaded: 1, removed: 0))
        await #expect(throws: RequestError.self) {
            try await database.queue.enqueue(
                .default, plugin: "mcp", requestedBy: "alice", audit: audit)
        }
        #expect(try await database.value("SELECT count(*) FROM audit_events") == "1")
    }

    @Test func workersNeverGetTheSameJobAndTakeTheOldestFirst() async throws {
        let database = try await JobsDatabase()
        let plugins = Plugins.all.map(\.name)
        for plugin in plugins {
            _ = try await database.queue.enqueue(.default, plugin: plugin, requestedBy: "a")
        }
        let first = try #require(try await database.queue.claim(worker: "w"))
        #expect(first.plugin == plugins[0] && first.attempt == 1 && first.state == .running)
        let claimed = try await withThrowingTaskGroup(of: Job?.self) { group in
            for index in 0..<24 {
                group.addTask { try await database.queue.claim(worker: "w\(index)") }
            }
            return try await group.reduce(into: [String]()) {
                if let job = $1 { $0.append(job.id) }
            }
        }
        #expect(claimed.count == Set(claimed).count)
        #expect(!claimed.contains(first.id))
        #expect(claimed.count == plugins.count - 1)
    }

    @Test func onePluginOfANamespaceRefreshesOneJobAtATime() async throws {
        let database = try await JobsDatabase()
        let queue = database.queue
        _ = try await queue.enqueue(.default, plugin: "mcp", requestedBy: "a")
        _ = try await queue.enqueue(.default, plugin: "mcp", source: "s", requestedBy: "a")
        let first = try #require(try await queue.claim(worker: "w"))
        #expect(try await queue.claim(worker: "v") == nil)
        _ = try await queue.finish(first, JobResult(loaded: 0, removed: 0))
        #expect(try await queue.claim(worker: "v")?.source == "s")
    }

    @Test func aTransientFailureIsTriedAgainLater() async throws {
        let database = try await JobsDatabase()
        let queue = database.queue
        _ = try await queue.enqueue(.default, plugin: "mcp", requestedBy: "a")
        for attempt in 1...3 {
            try await database.change("UPDATE refresh_jobs SET not_before = now() - interval '1 s'")
            let job = try #require(try await queue.claim(worker: "w"))
            #expect(job.attempt == attempt)
            let ended = try #require(
                try await queue.fail(job, JobFailure("gone", isTransient: true)))
            #expect(ended.state == (attempt < 3 ? .queued : .failed))
            #expect(ended.lastError == "gone")
            #expect(ended.message == (attempt < 3 ? nil : "Max retries exceeded: gone"))
            try await database.change(
                "UPDATE refresh_jobs SET not_before = now() + interval '1 minute'")
            #expect(try await queue.claim(worker: "w") == nil)
        }
    }

    @Test func cancelDependsOnTheState() async throws {
        let database = try await JobsDatabase()
        let queue = database.queue
        let waiting = try await queue.enqueue(.default, plugin: "mcp", requestedBy: "a").job
        let canceled = try await queue.cancel(.default, id: waiting.id.uppercased())
        #expect(canceled.state == .canceled && canceled.message == "Canceled by user")
        #expect(canceled.finishedAtMs != nil)
        let again = await #expect(throws: RequestError.self) {
            try await queue.cancel(.default, id: waiting.id)
        }
        #expect(again?.code == .conflict)
        try await database.age()
        _ = try await queue.enqueue(.default, plugin: "mcp", requestedBy: "a")
        let running = try #require(try await queue.claim(worker: "w"))
        #expect(await queue.isCanceled(running) == false)
        let asked = try await queue.cancel(.default, id: running.id)
        #expect(asked.state == .running && asked.isCancelRequested)
        #expect(await queue.isCanceled(running))
        #expect(try await queue.end(running, .stopped)?.state == .canceled)
        for id in ["nonsense", "00000000-0000-0000-0000-000000000000"] {
            let error = await #expect(throws: RequestError.self) {
                try await queue.cancel(.default, id: id)
            }
            #expect(error?.code == .notFound && error?.message == "job \"\(id)\" not found")
        }
    }

    @Test func jobsAreSeenInTheirNamespaceOnly() async throws {
        let database = try await JobsDatabase()
        let team = try Namespace("team")
        let job = try await database.queue.enqueue(team, plugin: "mcp", requestedBy: "a").job
        #expect(try await database.queue.get(team, id: job.id) == job)
        let error = await #expect(throws: RequestError.self) {
            try await database.queue.get(.default, id: job.id)
        }
        #expect(error?.message == "job \"\(job.id)\" not found")
        await #expect(throws: RequestError.self) {
            try await database.queue.cancel(.default, id: job.id)
        }
        #expect(try await database.queue.list(.default).totalSize == 0)
    }

    @Test func theListIsNewestFirstAndPagesWithoutGaps() async throws {
        let database = try await JobsDatabase()
        var ids: [String] = []
        for index in 0..<25 {
            let job = try await database.queue.enqueue(
                .default, plugin: index % 2 == 0 ? "mcp" : "agents", source: "s\(index)",
                requestedBy: "user"
            ).job
            ids.insert(job.id, at: 0)
        }
        // The same moment for some, so that the id decides.
        try await database.change(
            "UPDATE refresh_jobs SET requested_at = now() WHERE source_id IN ('s3', 's4', 's5')")
        var seen: [String] = []
        var token = ""
        repeat {
            let page = try await database.queue.list(.default, pageSize: 7, pageToken: token)
            #expect(page.totalSize == 25 && page.jobs.count <= 7)
            seen += page.jobs.map(\.id)
            token = page.nextPageToken
        } while !token.isEmpty
        #expect(seen.count == 25 && Set(seen) == Set(ids))
        #expect(try await database.queue.list(.default).jobs.count == 20)
        #expect(try await database.queue.list(.default, pageSize: 1_000).jobs.count == 25)
        let filter = JobQueue.Filter(plugin: "mcp", state: "queued", requestedBy: "user")
        let page = try await database.queue.list(.default, filter: filter, pageSize: 5)
        #expect(page.totalSize == 13 && page.jobs.allSatisfy { $0.plugin == "mcp" })
        for token in ["nonsense", page.nextPageToken] {
            let error = await #expect(throws: RequestError.self) {
                try await database.queue.list(.default, pageToken: token)
            }
            #expect(error?.code == .badRequest)
        }
        let one = JobQueue.Filter(source: "s8")
        #expect(try await database.queue.list(.default, filter: one).jobs.map(\.source) == ["s8"])
    }

    @Test(arguments: [
        "started_at = now() - interval '11 minutes'", "not_before = now() - interval '1 s'",
    ])
    func aJobOfADeadWorkerIsTakenBack(_ death: String) async throws {
        let database = try await JobsDatabase()
        let queue = database.queue
        _ = try await queue.enqueue(.default, plugin: "mcp", requestedBy: "a")
        let lost = try #require(try await queue.claim(worker: "dead"))
        #expect(try await queue.recoverStuck() == 0)
        try await database.change("UPDATE refresh_jobs SET \(death)")
        #expect(try await queue.recoverStuck() == 1)
        let back = try await queue.get(.default, id: lost.id)
        #expect(back.state == .queued && back.lastError == "Timed out (stuck job recovery)")
        let second = try #require(try await queue.claim(worker: "alive"))
        #expect(second.id == lost.id && second.attempt == 2)
        // The first worker was not dead after all: its end of the job no longer counts.
        #expect(await queue.isCanceled(lost))
        #expect(try await queue.finish(lost, JobResult(loaded: 9, removed: 9)) == nil)
        let done = try #require(try await queue.finish(second, JobResult(loaded: 2, removed: 1)))
        #expect(done.state == .succeeded && done.message == "Loaded 2 entities, removed 1")
    }

    @Test func finishedJobsGoAfterTheirTime() async throws {
        let database = try await JobsDatabase()
        let queue = database.queue
        _ = try await queue.enqueue(.default, plugin: "mcp", requestedBy: "a")
        _ = try await queue.enqueue(.default, plugin: "agents", requestedBy: "a")
        let job = try #require(try await queue.claim(worker: "w"))
        _ = try await queue.finish(job, JobResult(loaded: 1, removed: 0))
        #expect(try await queue.deleteFinished() == 0)
        try await database.change(
            "UPDATE refresh_jobs SET finished_at = finished_at - interval '8 days'")
        #expect(try await queue.deleteFinished() == 1)
        #expect(try await queue.list(.default).totalSize == 1)
    }

    @Test func aJobIsRenderedWithoutWhatIsNotKnown() async throws {
        let database = try await JobsDatabase()
        let queue = database.queue
        let queued = try await queue.enqueue(.default, plugin: "mcp", requestedBy: "a").job
        #expect(
            queued.json.objectValue?.keys == [
                "id", "namespace", "plugin", "sourceId", "requestedBy", "requestedAt", "state",
                "attemptCount",
            ])
        let job = try #require(try await queue.claim(worker: "w"))
        let done = try #require(try await queue.finish(job, JobResult(loaded: 6, removed: 0)))
        let json = done.json
        #expect(json["state"] == "succeeded" && json["entitiesLoaded"] == 6)
        #expect(json["message"] == "Loaded 6 entities, removed 0" && json["attemptCount"] == 1)
        #expect(json["sourceId"] == "_all" && json["durationMs"]?.intValue != nil)
        #expect(json["startedAt"]?.stringValue != nil && json["finishedAt"]?.stringValue != nil)
        #expect(json["lastError"] == nil && json["progress"] == nil)
    }

    @Test func enqueuingNotifiesWorkersAfterTheCommit() async throws {
        let database = try await JobsDatabase()
        let listener = Listener(
            configuration: database.pool.configuration, channels: ["catalog_jobs"],
            reactor: try JobsDatabase.reactor.get())
        try await withThrowingTaskGroup { group in
            group.addTask { await listener.run() }
            for await event in listener.events {
                if case .connected = event {
                    _ = try await database.queue.enqueue(.default, plugin: "mcp", requestedBy: "a")
                }
                if case .notification(let channel, let payload) = event {
                    #expect(channel == "catalog_jobs" && payload == "mcp")
                    break
                }
            }
            listener.shutdown()
        }
    }

    @Test func withoutADatabaseClientsAreToldToComeBack() async throws {
        let database = try await JobsDatabase()
        database.pool.shutdown()
        let error = await #expect(throws: RequestError.self) {
            try await database.queue.enqueue(.default, plugin: "mcp", requestedBy: "a")
        }
        #expect(error?.code == .unavailable)
        #expect(database.observer.count(of: .writeFailed) == 1)
    }
}
