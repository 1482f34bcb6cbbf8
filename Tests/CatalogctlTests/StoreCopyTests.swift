import CatalogModel
import Foundation
import TestSupport
import Testing

@Suite("catalogctl store copy", .timeLimit(.minutes(5)))
struct StoreCopyTests {
    private static let agents = "/api/agents_catalog/v1alpha1/agents"
    private static let lists = [
        agents, "/api/mcp_catalog/v1alpha1/mcpservers", "/api/skills_catalog/v1alpha1/skills",
        "/api/model_catalog/v1alpha1/models", "/api/policies_catalog/v1alpha1/policies",
    ]

    private func send(
        _ server: ServerProcess, _ method: String, _ path: String, _ body: String = "",
        key: String? = nil
    ) async throws -> HTTPResponse {
        var headers = ["X-User-Role": "operator", "X-User-Principal": "alice"]
        headers["Idempotency-Key"] = key
        return try await server.client.send(
            method, path, headers: headers, body: Array(body.utf8))
    }

    /// What clients see of everything that was copied.
    private func sight(_ server: ServerProcess) async throws -> [String: String] {
        var sight: [String: String] = [:]
        for path in Self.lists {
            let answer = try await server.client.get("\(path)?pageSize=100")
            #expect(answer.status == 200 && answer.text.contains("\"name\""), "\(path)")
            sight[path] = answer.text + (answer.header("ETag") ?? "")
        }
        for path in [
            "/api/audit/v1alpha1/events?pageSize=100",
            "/api/governance/v1alpha1/assets/agents/agent/copied",
            "/api/governance/v1alpha1/assets/agents/agent/copied/versions",
            "/api/governance/v1alpha1/approvals",
        ] {
            sight[path] = try await send(server, "GET", path).text
        }
        return sight
    }

    @Test("a target whose port cannot be one is refused before anything is opened")
    func port() async throws {
        let path = "\(try StoreUnderTest.makeFile())-absent"
        let option = try await ControlRun(
            ["store", "copy", "--from", path, "--to", "postgres://u:geheim@h:70000/x"])
        #expect(option.status == 64, "\(option.errors)")
        #expect(option.errors.contains("--to: the port in the connection string"))
        #expect(!(option.output + option.errors).contains("geheim"))
        let variable = try await ProgramRun(
            try ServerFiles.executable(named: "catalogctl"), ["store", "copy", "--from", path],
            environment: ServerFiles.plainEnvironment.merging(
                ["DATABASE_DSN": "host=/nowhere port=abc"]
            ) { $1 })
        #expect(variable.status == 64)
        #expect(variable.errors.contains("DATABASE_DSN: the port"), "\(variable.errors)")
    }

    @Test("everything goes over to Postgres, and a target with something in it is refused")
    func copied() async throws {
        let path = try StoreUnderTest.makeFile()
        let server = try await ServerProcess.ready(
            .init(environment: ["CATALOG_DATABASE_FILE": path]))
        #expect(try await send(server, "POST", Self.agents, #"{"name":"copied"}"#).status == 201)
        #expect(
            try await send(
                server, "PATCH", "\(Self.agents)/copied", #"{"description":"ä \\u0001 1.50"}"#
            ).status < 300)
        let keyed = try await send(server, "POST", Self.agents, #"{"name":"keyed"}"#, key: "once")
        #expect(keyed.status == 201)
        _ = try await send(
            server, "PATCH", "/api/governance/v1alpha1/assets/agents/agent/copied",
            #"{"owner":{"team":"core"}}"#)
        let running = try await ControlRun(["store", "copy", "--from", path, "--to", "dbname=x"])
        #expect(running.status == 3 && running.errors.contains("in use"), "\(running.errors)")
        let before = try await sight(server)
        let jobs =
            try await send(server, "GET", "/api/jobs/v1alpha1/refresh?pageSize=100")
            .json()["jobs"]?.arrayValue ?? []
        #expect(jobs.count >= 8)
        #expect(try await server.terminate() == 0)

        let dsn = try await PostgresCluster.shared().makeDatabase()
        let run = try await ControlRun(["store", "copy", "--from", path, "--to", dsn])
        #expect(run.status == 0, "\(run.output) \(run.errors)")
        #expect(run.output.contains("audit chains are the same"))
        let again = try await ControlRun(["store", "copy", "--from", path, "--to", dsn])
        #expect(again.status == 1 && again.errors.contains("copy_target_not_empty"))
        let other = try await PostgresCluster.shared().makeDatabase()
        let report = try await ControlRun(
            ["store", "copy", "--from", path, "--to", other, "-o", "json"])
        let json = try JSONParser.parse(Array(report.output.utf8))
        #expect(json["namespaces"] == 1 && json["tables"]?.arrayValue?.isEmpty == false)
        let absent = try await ControlRun(["store", "copy", "--from", path + "x", "--to", dsn])
        #expect(absent.status == 3)

        let next = try await ServerProcess.ready(
            .init(dsn: dsn, cacheDirectory: server.cacheDirectory))
        let after = try await sight(next)
        for (path, text) in before { #expect(after[path] == text, "\(path)") }
        // The next server has jobs of its own beside them.
        for job in jobs {
            let path = "/api/jobs/v1alpha1/refresh/\(job["id"]?.stringValue ?? "")"
            #expect(try await send(next, "GET", path).json() == job, "\(path)")
        }
        let repeated = try await send(next, "POST", Self.agents, #"{"name":"keyed"}"#, key: "once")
        #expect(repeated.status == 201 && repeated.text == keyed.text)
        #expect(try await send(next, "POST", Self.agents, #"{"name":"new"}"#).status == 201)
        #expect(try await next.client.get("\(Self.agents)/new").status == 200)
        let verify = try await ControlRun(
            ["audit", "verify", "--server", "http://127.0.0.1:\(next.port)"])
        #expect(verify.status == 0, "\(verify.output) \(verify.errors)")
        #expect(try await next.terminate() == 0)
    }
}
