import CatalogModel
import TestSupport
import Testing

/// Each test refreshes a plugin of its own, because refreshes of one plugin are limited.
@Suite("Refreshes and jobs", .turns, .timeLimit(.minutes(5)))
struct RefreshContractTests {
    private static let jobs = "/api/jobs/v1alpha1/refresh"

    private func refresh(
        _ plugin: String, _ tenant: Tenant, source: String = ""
    ) async throws -> HTTPResponse {
        let path = "\(Catalog.named(plugin).base)/management/refresh\(source)"
        return try await tenant.client.send("POST", path, headers: tenant.headers(), body: [])
    }

    /// Waits until a job has ended.
    private func ended(_ id: String, _ tenant: Tenant) async throws -> JSONValue {
        let end = ContinuousClock.now + .seconds(20)
        while true {
            let response = try await tenant.get("\(Self.jobs)/\(id)")
            try #require(response.status == 200, "\(response.text)")
            let job = try response.json()
            let state = job["state"]?.stringValue ?? ""
            if ["succeeded", "failed", "canceled"].contains(state) { return job }
            try #require(["queued", "running"].contains(state), "\(state)")
            try #require(ContinuousClock.now < end, "the job does not end: \(response.text)")
            try await Task.sleep(for: .milliseconds(20))
        }
    }

    @Test("a refresh is queued, runs and is limited afterwards")
    func life() async throws {
        let tenant = try await Tenant.named("default")
        let accepted = try await refresh("agents", tenant)
        #expect(accepted.status == 202)
        #expect(try accepted.body("status") == "queued")
        let id = try #require(try accepted.body("jobId")?.stringValue)
        #expect(id.count == 36)
        let job = try await ended(id, tenant)
        #expect(job["state"] == "succeeded")
        #expect(job["id"]?.stringValue == id)
        #expect(job["namespace"] == "default")
        #expect(job["plugin"] == "agents")
        #expect(job["sourceId"] == "_all")
        #expect(job["requestedBy"] == "alice")
        #expect(job["attemptCount"] == 1)
        let loaded = try #require(job["entitiesLoaded"]?.intValue)
        #expect(loaded >= 10)
        #expect(job["message"]?.stringValue?.hasPrefix("Loaded \(loaded) entities") == true)
        #expect(job["durationMs"]?.intValue != nil)
        #expect(job["entitiesRemoved"]?.intValue ?? 0 == 0)
        for key in ["requestedAt", "startedAt", "finishedAt"] {
            let time = try #require(job[key]?.stringValue)
            let form = try Regex("[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]+Z")
            #expect(try form.wholeMatch(in: time) != nil, "\(time)")
        }
        let limited = try await refresh("agents", tenant)
        #expect(limited.status == 429)
        let seconds = try #require(Int(limited.header("Retry-After") ?? ""))
        #expect((1...30).contains(seconds))
        #expect(try limited.body("error") == "Too Many Requests")
        let text = "rate limited, retry after \(seconds) seconds"
        #expect(try limited.body("message")?.stringValue == text)
    }

    @Test("a refresh of a source is a job of that source, and changes nothing when nothing changed")
    func source() async throws {
        let tenant = try await Tenant.named("default")
        let list = Catalog.skills.list
        let before = try await tenant.client.hit(list, headers: tenant.headers())
        let accepted = try await refresh("skills", tenant, source: "/skills-default")
        #expect(accepted.status == 202)
        let job = try await ended(
            try #require(try accepted.body("jobId")?.stringValue), tenant)
        #expect(job["state"] == "succeeded")
        #expect(job["sourceId"] == "skills-default")
        let after = try await tenant.get(list)
        #expect(after.header("ETag") == before.header("ETag"))
        let whole = try await refresh("skills", tenant)
        #expect(whole.status == 202, "the limit of a source is not that of the plugin")
    }

    @Test("requests while a job waits or runs get the same job")
    func sameJob() async throws {
        let tenant = try await Tenant.named("default")
        let path = "\(Catalog.model.base)/management/refresh"
        let responses = try await withThrowingTaskGroup { group in
            for _ in 0..<6 {
                group.addTask {
                    try await tenant.client.send(
                        "POST", path, headers: tenant.headers(), body: [])
                }
            }
            var all: [HTTPResponse] = []
            for try await response in group { all.append(response) }
            return all
        }
        let accepted = responses.filter { $0.status == 202 }
        #expect(!accepted.isEmpty)
        #expect(responses.allSatisfy { $0.status == 202 || $0.status == 429 })
        #expect(Set(try accepted.map { try $0.body("jobId") }).count == 1)
    }

    @Test("refreshes of unusable sources are refused or fail as jobs")
    func badSources() async throws {
        let tenant = try await Tenant.named("default")
        for id in ["%00", "a%20b", "A", String(repeating: "s", count: 300), "%zz"] {
            let response = try await refresh("prompts", tenant, source: "/\(id)")
            #expect((400..<500).contains(response.status), "\(id): \(response.status)")
        }
        let unknown = try await refresh("prompts", tenant, source: "/no-such-source")
        if unknown.status == 202 {
            let id = try #require(try unknown.body("jobId")?.stringValue)
            #expect(try await ended(id, tenant)["state"] == "failed")
        } else {
            #expect(unknown.status == 404)
        }
    }

    @Test("jobs are listed newest first, by pages and by filters")
    func list() async throws {
        let tenant = try await Tenant.named("default")
        for source in ["a", "b", "c"] {
            let accepted = try await refresh(
                "guardrails", tenant, source: "/guardrails-default-\(source)")
            #expect((200..<500).contains(accepted.status))
        }
        _ = try await refresh("guardrails", tenant)
        let all = try await tenant.get("\(Self.jobs)?pageSize=100")
        #expect(all.status == 200)
        let jobs = try #require(try all.body("jobs")?.arrayValue)
        #expect(jobs.count > 1)
        let times = jobs.compactMap { $0["requestedAt"]?.stringValue?.sortableTime }
        #expect(times == times.sorted(by: >))
        #expect(jobs.allSatisfy { $0["namespace"] == "default" })
        #expect(try all.body("nextPageToken")?.stringValue != nil)
        let first = try await tenant.get("\(Self.jobs)?pageSize=1")
        let token = try #require(try first.nextToken())
        let second = try await tenant.get("\(Self.jobs)?pageSize=1&pageToken=\(token)")
        let ids = try [first, second].map { try $0.body("jobs")?.arrayValue?.first?["id"] }
        #expect(ids[0] != ids[1])
        for (name, value) in [
            ("plugin", "guardrails"), ("requestedBy", "alice"), ("state", "succeeded"),
            ("sourceId", "_all"),
        ] {
            let some = try await tenant.get("\(Self.jobs)?pageSize=100&\(name)=\(value)")
            let found = try #require(try some.body("jobs")?.arrayValue)
            #expect(found.allSatisfy { $0[name]?.stringValue == value }, "\(name)")
        }
        #expect(try await tenant.get("\(Self.jobs)?state=nope").body("jobs") == [])
        #expect(try await tenant.get("\(Self.jobs)?pageToken=garbage").status == 400)
        for size in ["0", "-1", "x", "100000"] {
            #expect(try await tenant.get("\(Self.jobs)?pageSize=\(size)").status == 200)
        }
    }

    @Test(
        "an unknown job is not found",
        arguments: ["x", "00000000-0000-0000-0000-000000000000", "%27"])
    func unknown(id: String) async throws {
        let tenant = try await Tenant.fresh()
        let response = try await tenant.get("\(Self.jobs)/\(id)")
        #expect(response.status == 404)
        let shown = id == "%27" ? "'" : id
        #expect(try response.json() == ["error": .string("job \"\(shown)\" not found")])
        let cancel = try await tenant.client.send(
            "POST", "\(Self.jobs)/\(id):cancel", headers: tenant.headers(), body: [])
        #expect(cancel.status == 404)
    }

    @Test("a job that is over cannot be canceled")
    func cancelEnded() async throws {
        let tenant = try await Tenant.named("default")
        let accepted = try await refresh("knowledge", tenant)
        let id = try #require(try accepted.body("jobId")?.stringValue)
        _ = try await ended(id, tenant)
        let cancel = try await tenant.client.send(
            "POST", "\(Self.jobs)/\(id):cancel", headers: tenant.headers(), body: [])
        #expect(cancel.status == 409)
        #expect(try cancel.body("error")?.stringValue?.isEmpty == false)
    }

    @Test("a refresh makes discovery be rendered anew")
    func discovery() async throws {
        let tenant = try await Tenant.named("default")
        let path = "/api/plugins?x=\(UInt32.random(in: 0 ... .max))"
        _ = try await tenant.client.hit(path, headers: tenant.headers())
        #expect(try await refresh("mcp", tenant).status == 202)
        #expect(try await tenant.get(path).header("X-Cache") == "MISS")
    }

    @Test("without jobs the routes of jobs are absent")
    func disabled() async throws {
        let server = try await ServerProcess.readyInMode(
            .init(environment: ["CATALOG_JOB_ENABLED": "false"]))
        let missing = ContractMode.current.unrouted(404)
        #expect(try await server.client.get(Self.jobs).status == missing)
        #expect(try await server.client.get("\(Self.jobs)/x").status == missing)
        _ = try await server.terminate()
    }
}
