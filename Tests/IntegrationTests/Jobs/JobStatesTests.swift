import CatalogModel
import TestSupport
import Testing

extension IntegrationTests {
    /// What clients see of jobs that take their time; locks make them do so.
    @Suite("Jobs that wait and run")
    struct JobStatesTests {
        private static let jobs = "/api/jobs/v1alpha1/refresh"
        private static let sources = """
            apiVersion: catalog/v1alpha1
            kind: CatalogSources
            catalogs:
              skills:
                sources:
                  - {id: first, name: First, type: yaml, properties: {yamlCatalogPath: skills.yaml}}
                  - {id: second, name: Second, type: yaml, properties: {yamlCatalogPath: skills.yaml}}

            """

        private static func skills(_ version: Int) -> String {
            "skills: [{name: one, version: \"\(version)\"}]\n"
        }

        private func site() async throws -> Deployment {
            try await Deployment.make(
                files: ["sources.yaml": Self.sources, "skills.yaml": Self.skills(1)])
        }

        private func refresh(_ replica: Replica, _ source: String = "") async throws -> String {
            let answer = try await replica.write(
                "POST", "\(Kind.skills.base)/management/refresh\(source)")
            #expect(answer.status == 202)
            return try #require(try answer.json()["jobId"]?.stringValue)
        }

        private func job(_ id: String, _ replica: Replica) async throws -> JSONValue {
            try await replica.get("\(Self.jobs)/\(id)").json()
        }

        private func state(_ id: String, _ replica: Replica) async throws -> String? {
            try await job(id, replica)["state"]?.stringValue
        }

        private func cancel(_ id: String, _ replica: Replica) async throws -> HTTPResponse {
            try await replica.send("POST", "\(Self.jobs)/\(id):cancel")
        }

        @Test("a job that runs is canceled at its next step, one that waits at once")
        func cancel() async throws {
            let site = try await site()
            let replica = try await site.replica()
            try site.write(Self.skills(2), to: "skills.yaml")
            try await site.ageRefreshes()
            var running = ""
            try await site.holding(Deployment.writers) {
                running = try await refresh(replica)
                try await eventually("the job runs") {
                    try await state(running, replica) == "running"
                }
                let shown = try await job(running, replica)
                #expect(shown["attemptCount"] == 1)
                #expect(shown["progress"]?.stringValue?.hasPrefix("Running on ") == true)
                #expect(shown["startedAt"] != nil && shown["finishedAt"] == nil)
                // One job of a plugin at a time: the second one waits.
                let waiting = try await refresh(replica, "/second")
                #expect(waiting != running)
                #expect(try await state(waiting, replica) == "queued")
                // Who asks again while they wait or run gets the same ones.
                #expect(try await refresh(replica) == running)
                #expect(try await refresh(replica, "/second") == waiting)

                let answer = try await cancel(waiting, replica)
                #expect(answer.status == 200)
                #expect(
                    try answer.json() == ["status": "canceled", "jobId": .string(waiting)])
                let canceled = try await job(waiting, replica)
                #expect(canceled["state"] == "canceled")
                #expect(canceled["message"] == "Canceled by user")
                #expect(canceled["finishedAt"] != nil && canceled["attemptCount"] == 0)
                #expect(try await cancel(waiting, replica).status == 409)

                #expect(try await cancel(running, replica).status == 200)
                #expect(try await state(running, replica) == "running")
            }
            try await eventually("the end of the job") {
                try await state(running, replica) == "canceled"
            }
            #expect(try await job(running, replica)["message"] == "Canceled by user")
            // The source that was under way is whole, the one after it was not begun.
            let versions =
                "SELECT string_agg(source || version, ',' ORDER BY source) FROM ("
                + "SELECT source, doc->>'version' AS version FROM entities) e"
            #expect(try await site.sql(versions) == "first2,second1")
            // A job that is over does not stand for the next request.
            try await site.ageRefreshes()
            let next = try await refresh(replica)
            #expect(next != running)
            try await eventually("the end of the next job") {
                try await state(next, replica) == "succeeded"
            }
            #expect(try await site.sql(versions) == "first2,second2")
        }

        @Test("a transient failure is tried again after a pause; the last one says so")
        func retries() async throws {
            let site = try await Deployment.make(
                files: ["sources.yaml": Self.sources, "skills.yaml": Self.skills(1)],
                environment: [
                    "CATALOG_JOB_MAX_RETRIES": "2", "CATALOG_JOB_POLL_INTERVAL_SECONDS": "1",
                ])
            let replica = try await site.replica()
            // Whatever a refresh changes is refused as if there were no room for it.
            try await site.sql(
                """
                CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS
                    $$ BEGIN RAISE EXCEPTION 'no room' USING ERRCODE = '53100'; END $$;
                CREATE TRIGGER refuse BEFORE UPDATE ON skills_entities
                    FOR EACH ROW EXECUTE FUNCTION refuse()
                """)
            try site.write(Self.skills(2), to: "skills.yaml")
            try await site.ageRefreshes()
            let id = try await refresh(replica)
            try await eventually(within: .seconds(30), "the end of the job") {
                try await state(id, replica) == "failed"
            }
            let failed = try await job(id, replica)
            #expect(failed["attemptCount"] == 2)
            #expect(failed["message"]?.stringValue?.hasPrefix("Max retries exceeded: ") == true)
            #expect(failed["lastError"]?.stringValue?.isEmpty == false)
            // A failing source keeps what it loaded before.
            #expect(try await replica.names(of: .skills) == ["one", "one"])
        }

        @Test("finished jobs are deleted after their time, others stay")
        func retention() async throws {
            let site = try await Deployment.make(
                files: ["sources.yaml": Self.sources, "skills.yaml": Self.skills(1)],
                environment: ["CATALOG_JOB_RETENTION_DAYS": "2"])
            let replica = try await site.replica()
            let old = try await replica.refresh(.skills)
            let id = try #require(old["id"]?.stringValue)
            try await site.sql(
                "UPDATE refresh_jobs SET finished_at = now() - interval '49 hours' "
                    + "WHERE id = '\(id)'")
            let young = "SELECT count(*) FROM refresh_jobs WHERE id <> '\(id)'"
            let before = try await site.sql(young)
            try await replica.server.restart()
            try await replica.server.waitUntilReady()
            try await eventually("the old job is gone") {
                try await replica.get("\(Self.jobs)/\(id)").status == 404
            }
            #expect(try await site.sql(young) >= before)
        }

        @Test("a job waits for its replica to apply the revision that caused it")
        func cause() async throws {
            let site = try await site()
            let replica = try await site.replica()
            try await replica.warm([.skills])
            try site.write(Self.skills(2), to: "skills.yaml")
            try await site.ageRefreshes()
            // The lock is waited for before the revision is committed, so that no reader comes between.
            let waits =
                "SELECT FROM pg_locks WHERE relation = 'revision_changes'::regclass AND "
            let writer = Task {
                try await site.sql(
                    "BEGIN; UPDATE entities SET doc = doc || '{\"version\": \"9\"}'; DO $$ BEGIN "
                        + "WHILE NOT EXISTS (\(waits) mode = 'AccessExclusiveLock' AND NOT granted) "
                        + "LOOP PERFORM pg_sleep(0.01); END LOOP; END $$; COMMIT")
            }
            try await eventually("the write is under way") {
                try await site.sql(
                    "SELECT EXISTS (\(waits) mode = 'RowExclusiveLock' AND granted)") == "t"
            }
            var id = ""
            try await site.holding("LOCK TABLE revision_changes IN ACCESS EXCLUSIVE MODE") {
                _ = try await writer.value
                let head = try await site.head()
                id = try await refresh(replica)
                try await replica.server.waitForLine { line in
                    line.value(at: "metadata.event")?.stringValue == "job_failed"
                        && line.value(at: "metadata.reason")?.stringValue?.contains("not applied")
                            == true
                }
                // It waits, and no attempt is counted.
                #expect(["queued", "running"].contains(try await state(id, replica)))
                let shown = try await replica.get("\(Kind.skills.list)?pageSize=1")
                #expect(shown.revision < head)
            }
            try await eventually(within: .seconds(30), "the end of the job") {
                try await state(id, replica) == "succeeded"
            }
            #expect(try await job(id, replica)["attemptCount"] == 1)
        }
    }
}
