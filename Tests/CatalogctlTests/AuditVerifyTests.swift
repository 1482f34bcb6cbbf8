import CatalogModel
import TestSupport
import Testing

@Suite("catalogctl audit verify")
struct AuditVerifyTests {
    private static let list = "/api/agents_catalog/v1alpha1/agents"

    private func verify(_ port: Int, _ more: [String] = []) async throws -> ControlRun {
        try await ControlRun(["audit", "verify", "--server", "http://127.0.0.1:\(port)"] + more)
    }

    @discardableResult
    private func sql(_ text: String, _ server: ServerProcess) async throws -> String {
        let name = server.dsn.split(separator: " ").first { $0.hasPrefix("dbname=") }
        return try await PostgresCluster.shared().sql(
            text, database: String(name?.dropFirst(7) ?? ""))
    }

    @Test("intact chains are told from broken ones, by namespace and event")
    func verdicts() async throws {
        let server = try await ServerProcess.ready(
            ServerProcess.Options(environment: [
                "CATALOG_TENANCY_MODE": "namespace", "CATALOG_NAMESPACES": "team-a,team-b",
            ]))
        for namespace in ["team-a", "team-b"] {
            for number in 1...3 {
                let answer = try await server.client.send(
                    "POST", Self.list,
                    headers: ["X-User-Role": "operator", "X-Namespace": namespace],
                    body: JSONValue.object(["name": .string("agent-\(number)")]).encoded)
                try #require(answer.status == 201)
            }
        }
        let good = try await verify(server.port)
        #expect(good.status == 0, "\(good.output) \(good.errors)")
        for namespace in ["team-a", "team-b"] {
            let hash = try await sql(
                "SELECT encode(hash, 'hex') FROM audit_chains WHERE namespace = '\(namespace)'",
                server)
            let line = "\(namespace): 3 events intact, the last is 3 \(hash)\n"
            #expect(good.output.contains(line), "\(good.output)")
        }
        let id = try await sql(
            "UPDATE audit_events SET actor = 'eve' WHERE namespace = 'team-b' AND sequence = 2 "
                + "RETURNING id", server)
        let bad = try await verify(server.port)
        #expect(bad.status == 1, "\(bad.output) \(bad.errors)")
        #expect(bad.output.contains("team-a: 3 events intact"))
        #expect(
            bad.output.contains(
                "BROKEN  team-b: after 1 intact events: event 2: \(id): the event was changed"),
            "\(bad.output)")
        #expect(try await verify(server.port, ["-n", "team-a"]).status == 0)

        let json = try await verify(server.port, ["-n", "team-b", "-o", "json"])
        #expect(json.status == 1)
        let report = try JSONParser.parse(Array(json.output.utf8))
        #expect(report["namespace"] == "team-b" && report["valid"] == false)
        #expect(report.value(at: "firstBroken.id")?.stringValue == id)

        try await sql("DELETE FROM audit_events WHERE namespace = 'team-a'", server)
        let removed = try await verify(server.port, ["--namespace", "team-a"])
        #expect(removed.status == 1)
        #expect(removed.output.contains("event 1: the event is missing"), "\(removed.output)")
    }

    @Test("a server that is not there, and a wrong command line, are told apart")
    func problems() async throws {
        let server = try await ServerProcess.ready()
        let closed = try await TCPProxy.start(to: .port(server.port))
        closed.mode = .refuse
        let absent = try await verify(closed.port)
        #expect(absent.status == 3, "\(absent.output) \(absent.errors)")
        #expect(absent.output.hasPrefix("UNCHECKED"))
        #expect(try await verify(closed.port, ["-n", "default"]).status == 3)
        #expect(try await verify(server.port, ["-n", "No-Namespace"]).status == 0)
        #expect(try await verify(server.port, ["--zz"]).status == 64)
        let address = try await ControlRun(["audit", "verify", "--server", "ftp://x"])
        #expect(address.status == 64)
    }
}
