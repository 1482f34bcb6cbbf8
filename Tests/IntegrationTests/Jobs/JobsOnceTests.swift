import CatalogModel
import TestSupport
import Testing

extension IntegrationTests {
    @Suite("Jobs of three replicas, one of which is killed")
    struct JobsOnceTests {
        private static let sources = """
            apiVersion: catalog/v1alpha1
            kind: CatalogSources
            catalogs:
              skills:
                sources:
                  - {id: local, name: Local, type: yaml, properties: {yamlCatalogPath: skills.yaml}}

            """

        private static func skills(_ round: Int) -> String {
            (0..<200).reduce(into: "skills:\n") {
                $0 += "  - name: skill-\($1)\n    version: \"\(round)\"\n"
            }
        }

        @Test("each job ends once and its effect is there once")
        func once() async throws {
            let site = try await Deployment.make(
                files: ["sources.yaml": Self.sources, "skills.yaml": Self.skills(1)],
                environment: ["CATALOG_JOB_POLL_INTERVAL_SECONDS": "1"])
            var replicas = [try await site.replica()]
            for _ in 0..<2 { replicas.append(try await site.replica()) }
            var random = SeededGenerator(seed: TestSettings.seed)
            let versions = "SELECT string_agg(DISTINCT version::text, ',') FROM entities"
            #expect(try await site.sql(versions) == "1")
            for round in 2..<(2 + TestSettings.jobRounds) {
                let before = try await site.head()
                try site.write(Self.skills(round), to: "skills.yaml")
                try await site.ageRefreshes()
                let victim = replicas.indices.randomElement(using: &random) ?? 0
                let asked = (victim + 1) % replicas.count
                let id = try await ask(replicas[asked], and: replicas[(victim + 2) % 3])
                try await replicas[victim].server.kill()
                // As if the lease of the dead had ended; a living worker's job may run twice.
                try await site.sql(
                    "UPDATE refresh_jobs SET not_before = now() - interval '1 second' "
                        + "WHERE state = 'running'")
                try await replicas[victim].server.restart()
                try await replicas[victim].server.waitUntilReady()
                let row =
                    "SELECT state || ':' || (finished_at IS NOT NULL) "
                    + "FROM refresh_jobs WHERE id = '\(id)'"
                try await eventually(within: .seconds(60), "the end of job \(id)") {
                    try await site.sql(row) == "succeeded:true"
                }
                // Nothing else waits or runs, and every entity was written exactly once.
                let others =
                    "SELECT count(*) FROM refresh_jobs WHERE state IN ('queued', 'running')"
                try await eventually(within: .seconds(60), "the end of all jobs") {
                    try await site.sql(others) == "0"
                }
                #expect(try await site.sql(versions) == "\(round)")
                #expect(try await site.head() == before + 1)
                #expect(
                    try await site.sql("SELECT count(*) FROM refresh_jobs WHERE state = 'failed'")
                        == "0")
            }
            let head = try await site.head()
            for replica in replicas {
                try await replica.warm([.skills])
                try await replica.reach(head, by: .skills)
            }
            try await expectSameContent(replicas[0], replicas[1], [.skills])
            try await expectSameContent(replicas[1], replicas[2], [.skills])
        }

        @Test("a job whose replica is killed in the middle is done by another one, once")
        func killedInTheMiddle() async throws {
            let site = try await Deployment.make(
                files: ["sources.yaml": Self.sources, "skills.yaml": Self.skills(1)],
                environment: ["CATALOG_JOB_POLL_INTERVAL_SECONDS": "1"])
            var replicas: [String: Replica] = [:]
            for name in ["one", "two", "three"] {
                var options = site.options()
                options.environment["POD_NAME"] = name
                replicas[name] = Replica(
                    server: try await ServerProcess.ready(options), site: site)
            }
            try site.write(Self.skills(2), to: "skills.yaml")
            try await site.ageRefreshes()
            let before = try await site.head()
            var id = ""
            var victim = ""
            try await site.holding(Deployment.writers) {
                let asked = try #require(replicas["one"])
                let answer = try await asked.write(
                    "POST", "\(Kind.skills.base)/management/refresh")
                id = try #require(try answer.json()["jobId"]?.stringValue)
                // It runs on one of them, and waits there for the namespace.
                let waits =
                    "SELECT count(*) > 0 FROM pg_stat_activity WHERE wait_event_type = 'Lock' "
                    + "AND datname = current_database()"
                try await eventually(within: .seconds(20), "the job is about to write") {
                    try await site.sql(waits) == "t"
                }
                let progress = try await site.sql(
                    "SELECT progress FROM refresh_jobs WHERE id = '\(id)'")
                victim = String(progress.dropFirst("Running on ".count).prefix { $0 != "/" })
                try await #require(replicas[victim], "\(progress)").server.kill()
                // As if the lease of the dead had ended.
                try await site.sql(
                    "UPDATE refresh_jobs SET not_before = now() - interval '1 second' "
                        + "WHERE id = '\(id)'")
                try await eventually(within: .seconds(60), "another one takes it") {
                    try await site.sql(
                        "SELECT attempt_count = 2 AND progress NOT LIKE 'Running on \(victim)/%' "
                            + "FROM refresh_jobs WHERE id = '\(id)'") == "t"
                }
            }
            try await eventually(within: .seconds(60), "the end of the job") {
                try await site.sql("SELECT state FROM refresh_jobs WHERE id = '\(id)'")
                    == "succeeded"
            }
            // What the dead one had begun has left no trace: one revision has all the changes.
            #expect(try await site.head() == before + 1)
            let changes =
                "SELECT count(*) || ':' || count(DISTINCT name) FROM revision_changes "
                + "WHERE namespace = 'default' AND revision > \(before)"
            #expect(try await site.sql(changes) == "200:200")
            #expect(
                try await site.sql(
                    "SELECT string_agg(DISTINCT doc->>'version', ',') FROM entities") == "2")
            try await replicas[victim]?.server.restart()
            try await replicas[victim]?.server.waitUntilReady()
            for replica in replicas.values {
                try await replica.warm([.skills])
                try await replica.reach(before + 1, by: .skills)
            }
            let all = Array(replicas.values)
            try await expectSameContent(all[0], all[1], [.skills])
            try await expectSameContent(all[1], all[2], [.skills])
        }

        /// Asks two replicas for the same refresh: it is one job.
        private func ask(_ first: Replica, and second: Replica) async throws -> String {
            let path = "\(Kind.skills.base)/management/refresh"
            async let one = first.send("POST", path)
            async let two = second.send("POST", path)
            let answers = [try await one, try await two]
            let ids = try answers.filter { $0.status == 202 }.compactMap {
                try $0.json()["jobId"]?.stringValue
            }
            // A job that is already over makes the second request come too soon.
            #expect(answers.allSatisfy { [202, 429].contains($0.status) })
            #expect(Set(ids).count == 1)
            return try #require(ids.first)
        }
    }
}
