import CatalogModel
import Postgres
import Telemetry
import TestSupport
import Testing

@testable import WritePath

@Suite("Refreshing the configured sources", .manyTurns)
struct RefreshSourcesTests {
    func record(_ database: JobsDatabase, _ id: String) async throws -> SourceRecord {
        try #require(
            try await database.catalog.sources(.default).first { $0.definition.id == id })
    }

    @Test func aRefreshLoadsEverySourceAndSaysSo() async throws {
        let database = try await JobsDatabase()
        try await database.configure([("s2", "a b"), ("s1", "c")])
        #expect(try await database.catalog.initialLoadState() == .pending)
        #expect(try await record(database, "s1").state == .loading)
        let job = try await database.refresh()
        #expect(job.state == .succeeded && job.message == "Loaded 3 entities, removed 0")
        let source = try await record(database, "s2")
        #expect(source.state == .available && source.entityCount == 2 && source.error == nil)
        #expect(source.lastRefreshStatus == "success")
        #expect(source.lastRefreshSummary == "Loaded 2 entities")
        #expect(source.statusJSON["state"] == "available")
        #expect(try await database.catalog.initialLoadState() == .complete)
        #expect(try await database.revision() == 2)

        let again = try await database.refresh()
        #expect(again.message == "Loaded 3 entities, removed 0")
        #expect(try await database.revision() == 2)
    }

    @Test func theCatalogsOfAFreshServerAreLoadedByItsWorkers() async throws {
        let database = try await JobsDatabase()
        let root = #filePath.split(separator: "/").dropLast(3).joined(separator: "/")
        let plugins = try await database.catalog.synchronize(
            SourcesFile.load("/\(root)/catalogs/sources.yaml"))
        let workers = JobWorkers(
            queue: database.queue, runner: try database.refresher(), observer: database.observer,
            name: "replica", options: JobWorkersTests.options())
        let jobs = try await database.catalog.enqueueInitialLoad(database.queue)
        #expect(jobs.map(\.plugin) == plugins)
        await withTaskGroup { group in
            group.addTask { await workers.run() }
            for _ in jobs {
                let failure = await database.next { observation -> String? in
                    switch observation {
                    case .jobSucceeded: ""
                    case .jobFailed(_, let plugin, _, _, let reason): "\(plugin): \(reason)"
                    default: nil
                    }
                }
                #expect(failure == "")
            }
            workers.stop()
        }
        #expect(try await database.catalog.initialLoadState() == .complete)
        let before = try await database.revision()
        for plugin in plugins { try await database.refresh(plugin) }
        #expect(try await database.revision() == before)
        #expect(before > 0)
    }

    @Test func removedEntitiesAreCounted() async throws {
        let database = try await JobsDatabase()
        try await database.configure([("s1", "a b c")])
        try await database.refresh()
        #expect(try await database.configure([("s1", "a")]) == ["mcp"])
        let job = try await database.refresh(source: "s1")
        #expect(job.message == "Loaded 1 entities, removed 2" && job.removed == 2)
        #expect(
            try await record(database, "s1").lastRefreshSummary == "Loaded 1 entities, removed 2")
        #expect(try await database.entities("s1") == "a:1")
    }

    @Test func aFailingSourceKeepsItsEntitiesAndDoesNotHoldUpOthers() async throws {
        let database = try await JobsDatabase()
        try await database.configure([("s1", "a b"), ("s2", "c")])
        try await database.refresh()
        try await database.configure([("s1", "!"), ("s2", "c d")])
        let job = try await database.refresh()
        #expect(job.state == .failed && job.attempt == 1)
        #expect(job.message?.hasPrefix("source \"s1\": s1/content:1:") == true)
        #expect(try await database.entities("s1") == "a:1 b:1")
        #expect(try await database.entities("s2") == "c:1 d:1")
        let failing = try await record(database, "s1")
        #expect(failing.state == .error && failing.entityCount == 2)
        #expect(
            failing.lastRefreshStatus == "error" && failing.lastRefreshSummary == "Refresh failed")
        #expect(failing.error?.contains("s1/content:1:") == true)
        #expect(database.observer.count(of: .sourceFailed) == 1)
        #expect(try await database.catalog.initialLoadState() == .complete)
        try await database.configure([("s1", "a"), ("s2", "c d")])
        #expect(try await database.refresh().state == .succeeded)
        #expect(try await record(database, "s1").error == nil)
    }

    @Test(.onPostgres) func disabledAndRemovedSourcesLoseTheirEntities() async throws {
        let database = try await JobsDatabase()
        try await database.configure([("s1", "a"), ("s2", "b"), ("s3", "c")])
        try await database.refresh()
        try await database.configure([("s1", "a"), ("s2", "b")])
        try await database.change("UPDATE catalog_sources SET enabled = false WHERE id = 's2'")
        #expect(try await database.catalog.sources(.default).map(\.definition.id) == ["s1", "s2"])
        let job = try await database.refresh()
        #expect(job.state == .succeeded && job.loaded == 1 && job.removed == 2)
        #expect(try await database.value("SELECT string_agg(name, ' ') FROM entities") == "a")
        #expect(try await record(database, "s2").state == .disabled)
        #expect(try await database.value("SELECT count(*) FROM catalog_sources") == "2")
        // The last source of the plugin goes too.
        try await database.configure([])
        let jobs = try await database.catalog.enqueueInitialLoad(database.queue)
        #expect(jobs.map(\.plugin) == ["mcp"])
        try await database.refresh()
        #expect(try await database.value("SELECT count(*) FROM entities") == "0")
        #expect(try await database.value("SELECT count(*) FROM catalog_sources") == "0")
    }

    @Test(arguments: [
        ("model", "hf", "nothing here loads sources of type hf"),
        ("mcp", "git", "is not supported"),
    ])
    func aSourceOfAnotherTypeSaysWhy(_ plugin: String, _ type: String, _ text: String) async throws
    {
        let database = try await JobsDatabase()
        try await database.change(
            """
            INSERT INTO catalog_sources (plugin, id, name, type, origin)
            VALUES ($1, 's', 'S', $2, '/etc')
            """, [.text(plugin), .text(type)])
        let job = try await database.refresh(plugin)
        #expect(job.state == .failed)
        let source = try await record(database, "s")
        #expect(source.state == .error && source.error?.contains(text) == true)
    }

    @Test func sourcesFromElsewhereMayNotReadFiles() async throws {
        let database = try await JobsDatabase()
        try await database.change(
            """
            INSERT INTO catalog_sources (plugin, id, name, type, properties)
            VALUES ('mcp', 's', 'S', 'yaml', '{"path": "/etc/hostname"}')
            """)
        #expect(try await database.refresh().state == .failed)
        let error = try await record(database, "s").error
        #expect(error?.contains("leads out of the catalog directory") == true)
    }

    @Test func unknownPluginsAndSourcesFailForGood() async throws {
        let database = try await JobsDatabase()
        #expect(
            try await database.refresh("nonsense").message == "plugin \"nonsense\" not found")
        let job = try await database.refresh("mcp", source: "x")
        #expect(job.state == .failed && job.message == "source \"x\" not found")
    }

    @Test func aSourceConfiguredAnewMeanwhileIsLoadedByTheSameJob() async throws {
        let database = try await JobsDatabase()
        try await database.configure([("s1", "a"), ("s2", "b")])
        _ = try await database.queue.enqueue(.default, plugin: "mcp", requestedBy: "u")
        let job = try #require(try await database.queue.claim(worker: "w"))
        let result = try await database.refresher().run(job) {
            _ = try? await database.configure([("s1", "x y"), ("s2", "b")])
            return false
        }
        #expect(result.loaded == 3)
        #expect(try await database.entities("s1") == "x:1 y:1")
    }

    @Test func aCanceledRefreshStopsBetweenSources() async throws {
        let database = try await JobsDatabase()
        try await database.configure([("s1", "a"), ("s2", "b")])
        _ = try await database.queue.enqueue(.default, plugin: "mcp", requestedBy: "u")
        let job = try #require(try await database.queue.claim(worker: "w"))
        await #expect(throws: CancellationError.self) {
            try await database.refresher().run(job) {
                (try? await database.value("SELECT count(*) FROM entities")) == "1"
            }
        }
        #expect(try await database.entities("s1") == "a:1")
        #expect(try await database.entities("s2") == "")
    }

    @Test(.onPostgres) func aWorkerWhoseSessionIsKilledInTheMiddleRecovers() async throws {
        let database = try await JobsDatabase()
        try await database.configure([("s1", "a b")])
        let workers = JobWorkers(
            queue: database.queue, runner: try database.refresher(), observer: database.observer,
            name: "replica", options: JobWorkersTests.options())
        let holder = try await Connection.connect(
            database.pool.configuration, reactor: JobsDatabase.reactor.get())
        _ = try await holder.query("BEGIN")
        _ = try await holder.query(NamespaceRow.lock, ["default"])
        let job = try await database.catalog.enqueueInitialLoad(database.queue)[0]
        try await withThrowingTaskGroup { group in
            group.addTask { await workers.run() }
            try await database.waitForLockWait()
            try await database.change(
                """
                SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                WHERE datname = current_database() AND wait_event_type = 'Lock'
                """)
            let willRetry = await database.next { observation -> Bool? in
                if case .jobFailed(_, _, 1, let willRetry, _) = observation {
                    willRetry
                } else {
                    nil
                }
            }
            #expect(willRetry == true)
            #expect(try await database.value("SELECT count(*) FROM entities") == "0")
            _ = try await holder.query("COMMIT")
            _ = await database.next { if case .jobSucceeded = $0 { true } else { nil } }
            workers.stop()
            try await group.waitForAll()
        }
        let ended = try await database.queue.get(.default, id: job.id)
        #expect(ended.state == .succeeded && ended.attempt == 2)
        #expect(try await database.entities("s1") == "a:1 b:1")
        await holder.close()
    }
}
