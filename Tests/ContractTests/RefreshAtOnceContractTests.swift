import CatalogModel
import TestSupport
import Testing

/// Refreshes where there are no jobs (contract, section 1.7).
@Suite("Refreshes without jobs", .turns, .timeLimit(.minutes(5)))
struct RefreshAtOnceContractTests {
    @Test("a refresh is answered when it is done, and is limited")
    func synchronous() async throws {
        let server = try await ServerProcess.readyInMode(
            .init(environment: ["CATALOG_JOB_ENABLED": "false"]))
        let tenant = Tenant(server: server, namespace: "default")
        let manager = SourceClient(tenant, .agents)
        func refresh(_ path: String, _ headers: [String: String]? = nil) async throws
            -> HTTPResponse
        {
            try await tenant.client.send(
                "POST", "\(manager.base)/\(path)", headers: headers ?? tenant.headers(), body: [])
        }
        let names = try await manager.names()
        #expect(names.count >= 10, "sources are loaded at the start without jobs")
        let viewer = try await refresh("refresh", ["X-User-Role": "viewer"])
        #expect(viewer.status == 403)
        _ = try await manager.apply("extra", ["one", "two"])
        let done = try await refresh("refresh/extra")
        #expect(done.status == 200, "\(done.text)")
        #expect(try done.body("sourceId") == "extra")
        #expect(try done.body("entitiesLoaded") == 2)
        #expect(try done.body("entitiesRemoved") == 0)
        #expect((try done.body("duration")?.intValue ?? 0) > 0)
        #expect(try done.body("error") == nil)
        let limited = try await refresh("refresh/extra")
        #expect(limited.status == 429)
        let seconds = try #require(Int(limited.header("Retry-After") ?? ""))
        #expect((1...30).contains(seconds))
        #expect(
            try limited.json() == [
                "error": "Too Many Requests",
                "message": .string("rate limited, retry after \(seconds) seconds"),
            ])
        let all = try await refresh("refresh")
        #expect(all.status == 200, "the limit of a source is not that of the plugin")
        #expect(try all.body("entitiesLoaded")?.intValue == Int64(names.count + 2))
        #expect(try await refresh("refresh").status == 429)
        let other = try await tenant.client.send(
            "POST", "\(Catalog.skills.base)/management/refresh", headers: tenant.headers(),
            body: [])
        #expect(other.status == 200, "the limit is one of the plugin")
        let unknown = try await refresh("refresh/none")
        #expect(unknown.status == 404)
        #expect(try unknown.body("error") == "Not Found")
        let source = try #require(try await manager.list().last)
        #expect((source.value(at: "status.lastRefreshDuration")?.intValue ?? 0) > 0)
        _ = try await manager.apply("extra", ["one"])
        let fewer = try #require(try await manager.list().last)
        #expect(
            fewer.value(at: "status.lastRefreshSummary") == "Loaded 1 entities, removed 1")
        _ = try await server.terminate()
    }
}
