import CatalogModel
import Foundation
import TestSupport
import Testing

@Suite("catalogctl governance and approvals", .timeLimit(.minutes(3)))
struct GovernanceCommandTests {
    private let server: ServerProcess

    init() async throws { server = try await ServerProcess.ready() }

    private func run(_ arguments: String..., user: String = "ann") async throws -> ControlRun {
        try await ControlRun(
            ["--server", "http://127.0.0.1:\(server.port)", "--user", user, "--role", "operator"]
                + arguments)
    }

    private func json(_ run: ControlRun) throws -> JSONValue {
        #expect(run.status == 0, "\(run.errors)")
        return try JSONParser.parse(Array(run.output.utf8))
    }

    private func file(_ text: String) throws -> String {
        let path = "\(try ServerFiles.temporaryFolder())/file"
        try text.write(toFile: path, atomically: true, encoding: .utf8)
        return path
    }

    /// Brings `agents/a` to a state, with the approval that the standard policies ask for.
    private func approve() async throws {
        let asked = try json(
            try await run("governance", "lifecycle", "agents", "a", "approved", "-o", "json"))
        #expect(asked["status"] == "pending-approval")
        let id = try #require(asked.value(at: "data.requestId")?.stringValue)
        let shown = try json(try await run("approvals", "show", id, "-o", "json"))
        #expect(shown["status"] == "pending" && shown["requester"] == "ann")
        let decided = try json(
            try await run("approvals", "approve", id, "-o", "json", user: "rita"))
        #expect(decided["autoExecuted"] == true)
    }

    @Test("metadata, versions, environments, lifecycle and history of one entity")
    func asset() async throws {
        let document = try file("{\"name\": \"a\", \"category\": \"x\"}")
        #expect(try await run("apply", "agents", "-f", document).status == 0)
        let sections = try file("owner: {principal: ann}\nrisk: {level: low}\n")
        let set = try json(
            try await run("governance", "set", "agents", "a", "-f", sections, "-o", "json"))
        #expect(set.value(at: "governance.owner.principal") == "ann")
        let shown = try await run("governance", "get", "agents", "a", "-o", "yaml")
        let again = try json(
            try await run(
                "governance", "set", "agents", "a", "-f",
                try file("governance:\n  owner: {principal: bea}\n"), "-o", "json"))
        #expect(again.value(at: "governance.owner.principal") == "bea")
        #expect(again.value(at: "governance.risk.level") == "low")
        #expect(shown.output.contains("principal: ann"), "\(shown.output)")

        var versions: [String] = []
        for label in ["v1", "v2"] {
            let version = try json(
                try await run(
                    "governance", "create-version", "agents", "a", label, "-o", "json"))
            versions.append(try #require(version["versionId"]?.stringValue))
        }
        let list = try await run("governance", "versions", "agents", "a")
        #expect(versions.allSatisfy { list.output.contains($0) }, "\(list.output)")
        let provenance = try json(
            try await run(
                "governance", "provenance", "agents", "a", versions[0], "-o", "json"))
        #expect(provenance["versions"]?.arrayValue?.count == 1)
        let wrong = try await run("governance", "provenance", "agents", "a", versions[0] + "0")
        #expect(wrong.status == 2 && wrong.errors.contains("did you mean"), "\(wrong.errors)")

        try await approve()
        for (arguments, status) in [
            (["bind", "agents", "a", "dev", versions[0]], "completed"),
            (["promote", "agents", "a", "dev", "stage"], "completed"),
            (["bind", "agents", "a", "stage", versions[1]], "completed"),
            (["rollback", "agents", "a", "stage", versions[0], "--dry-run"], "dry-run"),
            (["rollback", "agents", "a", "stage", versions[0]], "completed"),
            (["deprecate", "agents", "a", "--reason", "old", "--dry-run"], "dry-run"),
            (["deprecate", "agents", "a", "--reason", "old"], "completed"),
            (["archive", "agents", "a"], "completed"),
        ] {
            let result = try json(
                try await ControlRun(
                    [
                        "--server", "http://127.0.0.1:\(server.port)", "--user", "ann", "-o",
                        "json", "governance",
                    ] + arguments))
            #expect(
                result["status"]?.stringValue == status, "\(arguments): \(result.encodedText)")
        }
        let bindings = try await run("governance", "bindings", "agents", "a")
        #expect(
            bindings.output.split(separator: "\n").filter { $0.contains(versions[0]) }.count == 2,
            "\(bindings.output)")
        let history = try json(
            try await run("governance", "history", "agents", "a", "--limit", "4", "-o", "json"))
        #expect(history["events"]?.arrayValue?.count == 4)
        let restored = try await run("governance", "restore", "agents", "a", "--dry-run")
        #expect(restored.status == 0 && restored.output.contains("dry-run"), "\(restored.errors)")
        #expect(try await run("governance", "promote", "agents", "a", "dev", "dev").status == 1)
        #expect(try await run("governance", "policies").output.contains("high-risk-approval"))
    }

    @Test("a request can be taken back, and is found by its asset")
    func cancel() async throws {
        let asked = try json(
            try await run("governance", "lifecycle", "agents", "b", "approved", "-o", "json"))
        let id = try #require(asked.value(at: "data.requestId")?.stringValue)
        let list = try await run("approvals", "list", "--asset", "agents:agent:b")
        #expect(list.output.contains(id), "\(list.output)")
        #expect(
            try await run("approvals", "list", "--asset", "agents:agent:c").output.split(
                separator: "\n"
            ).count == 1)
        let canceled = try json(
            try await run("approvals", "cancel", id, "--reason", "too soon", "-o", "json"))
        #expect(canceled["status"] == "canceled")
        let again = try await run("approvals", "cancel", id)
        #expect(again.status == 1 && again.errors.contains("(409)"), "\(again.errors)")
        #expect(try await run("approvals", "show", "none").status == 2)
    }
}
