import CatalogModel
import Synchronization
import TestSupport
import Testing

extension IntegrationTests {
    @Suite("Postgres stopped and started again")
    struct OutageTests {
        @Test("reads go on, writes are refused, and all comes back by itself")
        func outage() async throws {
            let cluster = try await PostgresCluster.separate()
            let site = try await Deployment.make(
                environment: ["CATALOG_STALENESS_LIMIT_MS": "600"], cluster: cluster)
            let replica = try await site.replica()
            try await replica.write("POST", Kind.agents.list, ["name": "before"])
            try await replica.warm([.agents])
            let before = try await replica.get(Kind.agents.whole)
            let head = try await site.head()
            // Commits are not flushed one by one here; the crash below must not lose them.
            try await site.sql("CHECKPOINT")
            try await cluster.stop()
            let stopped = ContinuousClock.now

            let refusal = try await replica.send("POST", Kind.agents.list, ["name": "lost"])
            expectUnavailable(refusal)
            expectUnavailable(try await replica.send("DELETE", Kind.agents.entity("before")))
            expectUnavailable(
                try await replica.send("POST", "\(Kind.agents.base)/management/refresh"))
            // Not in the cache, and nobody to ask.
            expectUnavailable(try await replica.get(Kind.skills.list))
            try await expectHonestReads(replica, like: before, since: stopped)
            try await eventually("not ready") {
                try await replica.get("/readyz").status == 503
            }
            #expect(try await replica.get("/livez").status == 200)

            try await cluster.start()
            let started = ContinuousClock.now
            try await eventually("ready again") {
                try await replica.get("/readyz").status == 200
            }
            print("ready \(started.duration(to: .now)) after Postgres")
            #expect(try await site.head() == head)
            #expect(try await replica.get(Kind.agents.entity("lost")).status == 404)
            #expect(try await site.sql("SELECT count(*) FROM entities") == "1")
            #expect(
                try await site.sql("SELECT count(*) FROM refresh_jobs WHERE state <> 'succeeded'")
                    == "0")
            try await replica.write("POST", Kind.agents.list, ["name": "after"])
            let after = try await replica.get(Kind.agents.whole)
            #expect(after.cache == "HIT")
            #expect(try after.names() == ["after", "before"])
            #expect(replica.server.isRunning)
        }

        @Test("what was acknowledged stays, what was refused leaves nothing behind")
        func stopUnderWrites() async throws {
            let cluster = try await PostgresCluster.separate()
            let site = try await Deployment.make(cluster: cluster)
            // The cluster of the tests is fast and forgetful; here a commit has to last.
            try await site.sql(
                "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET synchronous_commit = on', "
                    + "current_database()); END $$")
            let (a, b) = try await site.twins()
            try await a.write("POST", Kind.agents.list, ["name": "first"])
            for replica in [a, b] { try await replica.warm([.agents]) }
            let outcomes = Outcomes()
            try await withThrowingTaskGroup(of: Void.self) { group in
                for (number, replica) in [a, b].enumerated() {
                    group.addTask { try await write(on: replica, "w\(number)", outcomes) }
                }
                try await eventually("some writes") { outcomes.accepted.count > 20 }
                try await cluster.terminateBackends()
                let before = outcomes.accepted.count
                try await eventually("more writes") { outcomes.accepted.count > before + 20 }
                try await cluster.stop()
                try await eventually("refusals") { outcomes.refused.count > 2 }
                try await cluster.start()
                let during = outcomes.accepted.count
                try await eventually("writes again") { outcomes.accepted.count > during + 20 }
                group.cancelAll()
                try await group.waitForAll()
            }
            let head = try await site.head()
            for replica in [a, b] { try await replica.reach(head) }
            try await expectSameContent(a, b, [.agents])
            let names = Set(try await a.names(of: .agents))
            #expect(outcomes.accepted.isSubset(of: names))
            #expect(outcomes.refused.isDisjoint(with: names))
            let audited = try await site.sql(
                "SELECT count(*) FROM audit_events WHERE outcome = 'success' "
                    + "AND NOT EXISTS (SELECT FROM entities WHERE name = ANY (resource_ids))")
            #expect(audited == "0")
            print("\(outcomes.accepted.count) accepted, \(outcomes.refused.count) refused")
        }

        /// Creates one entity after the other until it is cancelled.
        private func write(
            on replica: Replica, _ prefix: String, _ outcomes: Outcomes
        ) async throws {
            var number = 0
            while !Task.isCancelled {
                number += 1
                let name = "\(prefix)-\(number)"
                let answer = try await replica.send(
                    "POST", Kind.agents.list, ["name": .string(name)])
                if answer.status == 201 {
                    outcomes.accepted(name)
                    continue
                }
                #expect(answer.status == 503, "\(answer.text)")
                let isKnown = try answer.json()["details"]?["outcome"] == nil
                if isKnown { outcomes.refused(name) }
            }
        }

        private func expectUnavailable(
            _ answer: HTTPResponse, _ location: SourceLocation = #_sourceLocation
        ) {
            #expect(answer.status == 503, "\(answer.text)", sourceLocation: location)
            #expect(answer.header("Retry-After") != nil, sourceLocation: location)
            #expect(answer.header("Cache-Control") == "no-store", sourceLocation: location)
        }

        /// Reads until they are labelled stale: the bound grows and is never below the true age.
        private func expectHonestReads(
            _ replica: Replica, like before: HTTPResponse, since stopped: ContinuousClock.Instant
        ) async throws {
            var last = Duration.zero
            try await eventually("a stale answer") {
                let asked = ContinuousClock.now
                let read = try await replica.get(Kind.agents.whole)
                #expect(read.content == before.content)
                #expect(["HIT", "STALE"].contains(read.cache))
                let bound = try #require(read.stalenessBound)
                // Whole milliseconds, rounded up.
                #expect(bound >= stopped.duration(to: asked))
                #expect(bound >= last)
                last = bound
                return read.cache == "STALE"
            }
            #expect(last > .milliseconds(600))
        }
    }
}

/// What became of the writes of several tasks.
private final class Outcomes: Sendable {
    private let names = Mutex<(accepted: Set<String>, refused: Set<String>)>(([], []))

    var accepted: Set<String> { names.withLock { $0.accepted } }
    var refused: Set<String> { names.withLock { $0.refused } }

    func accepted(_ name: String) { names.withLock { _ = $0.accepted.insert(name) } }
    func refused(_ name: String) { names.withLock { _ = $0.refused.insert(name) } }
}
