import CatalogModel
import Foundation
import TestSupport
import Testing

@Suite("catalogctl where servers, namespaces, people and terminals differ")
struct SettingTests {
    private func run(
        _ arguments: [String], on server: ServerProcess, _ variables: [String: String] = [:]
    ) async throws -> ProgramRun {
        let own = ["CATALOG_SERVER": "http://127.0.0.1:\(server.port)"]
        return try await ProgramRun(
            try ServerFiles.executable(named: "catalogctl"), arguments,
            environment: ServerFiles.plainEnvironment.merging(own) { $1 }
                .merging(variables) { $1 })
    }

    private func file(_ text: String) throws -> String {
        let path = "\(try ServerFiles.temporaryFolder())/file"
        try text.write(toFile: path, atomically: true, encoding: .utf8)
        return path
    }

    @Test("option and variable name the namespace; without one the server says what it needs")
    func namespaces() async throws {
        let server = try await ServerProcess.ready(
            ServerProcess.Options(environment: [
                "CATALOG_TENANCY_MODE": "namespace", "CATALOG_NAMESPACES": "team-a,team-b",
            ]))
        #expect(try await run(["namespaces"], on: server).output.contains("team-b"))
        let document = try file("[{\"name\": \"a-1\"}, {\"name\": \"a-2\"}]")
        let applied = try await run(
            ["--role=operator", "-n", "team-a", "apply", "agents", "-f", document], on: server)
        #expect(applied.status == 0, "\(applied.errors)")
        let list = ["list", "agents", "-o", "json"]
        let mine = try await run(list, on: server, ["CATALOG_NAMESPACE": "team-a"])
        let names = try JSONParser.parse(Array(mine.output.utf8))["items"]?.arrayValue?.map {
            $0["name"]
        }
        #expect(names == ["a-1", "a-2"], "\(mine.errors)")
        let other = try await run(
            ["-n", "team-b"] + list, on: server, ["CATALOG_NAMESPACE": "team-a"])
        #expect(other.output == "{\"items\":[]}\n", "\(other.output) \(other.errors)")
        let none = try await run(list, on: server)
        #expect(none.status == 1 && none.errors.contains("namespace is required"))
        let changes = try await run(
            ["changes", "--from", "0", "--count", "2", "-n", "team-a"], on: server)
        #expect(changes.output.contains("a-2"), "\(changes.output) \(changes.errors)")
    }

    @Test("a request is approved by one and denied by another, each under their own name")
    func approvals() async throws {
        let policies = try file(
            """
            policies:
              - id: gate
                displayName: Gate
                enabled: true
                selector: {plugins: [agents], transitions: [{from: draft, to: approved}]}
                gate: {requiredCount: 1, denyOnFirst: true}
            """)
        let server = try await ServerProcess.ready(
            ServerProcess.Options(environment: ["CATALOG_APPROVAL_POLICIES": policies]))
        for (name, verdict, state) in [("a", "approve", "approved"), ("b", "deny", "draft")] {
            let asked = try await server.client.post(
                "/api/governance/v1alpha1/assets/agents/agent/\(name)/actions/lifecycle.setState",
                headers: ["X-User-Principal": "ann", "X-User-Role": "operator"],
                json: ["params": ["state": "approved"]])
            #expect(asked.status == 202, "\(asked.text)")
            let list = try await run(["approvals", "list", "--status", "pending"], on: server)
            let lines = list.output.split(separator: "\n")
            try #require(lines.count == 2, "\(list.output) \(list.errors)")
            #expect(lines[1].contains("ann"))
            let id = String(lines[1].prefix { $0 != " " })
            let own = try await run(
                ["--user", "ann", "--role", "operator", "approvals", "approve", id], on: server)
            #expect(own.status == 1 && own.errors.contains("(403)"), "\(own.errors)")
            let decided = try await run(
                [
                    "--user", "rita", "--role", "operator", "approvals", verdict, id, "--comment",
                    "seen",
                ], on: server)
            #expect(decided.status == 0, "\(decided.errors)")
            let shown = try await run(["governance", "show", "agents", name], on: server)
            #expect(shown.output.contains("\"\(state)\""), "\(shown.output)")
        }
    }

    @Test("on a terminal a refresh shows a bar, and ends with a full one")
    func bar() async throws {
        let server = try await ServerProcess.ready()
        let program = try ServerFiles.executable(named: "catalogctl")
        let refreshed = try await ProgramRun(
            "/usr/bin/script",
            [
                "-qec",
                "'\(program)' refresh prompts --role operator --wait --server "
                    + "http://127.0.0.1:\(server.port)",
                "/dev/null",
            ], environment: ServerFiles.plainEnvironment)
        #expect(refreshed.status == 0, "\(refreshed.output)")
        let full = "[\(String(repeating: "#", count: 24))] "
        #expect(refreshed.output.contains(full), "\(refreshed.output)")
        #expect(refreshed.output.contains("\r\u{1B}[K["))
    }

    @Test("a token goes with every request, from the option and from the variable")
    func token() async throws {
        let server = try await ServerProcess.ready(
            ServerProcess.Options(environment: ["CATALOG_AUTH_MODE": "jwt"]))
        // Without a key only the claims count; the server says so when it starts.
        let parts = ["{\"alg\":\"none\"}", "{\"role\":\"operator\",\"sub\":\"ann\"}"].map {
            Data($0.utf8).base64EncodedString().replacing("=", with: "")
                .replacing("+", with: "-").replacing("/", with: "_")
        }
        let token = "\(parts[0]).\(parts[1])."
        let apply = ["apply", "agents", "-f", try file("{\"name\": \"kept\"}")]
        let refused = try await run(apply, on: server)
        #expect(refused.status == 1, "\(refused.output)")
        let option = try await run(["--token", token] + apply, on: server)
        #expect(option.status == 0, "\(option.errors)")
        let variable = try await run(apply, on: server, ["CATALOG_TOKEN": token])
        #expect(variable.status == 0, "\(variable.errors)")
    }
}
