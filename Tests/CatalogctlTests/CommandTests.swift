import CatalogModel
import Foundation
import TestSupport
import Testing

@Suite("The commands of catalogctl, on a live server")
struct CommandTests {
    private let server: ServerProcess

    init() async throws { server = try await ServerProcess.ready() }

    private func run(_ arguments: String...) async throws -> ControlRun {
        try await ControlRun(
            ["--server", "http://127.0.0.1:\(server.port)", "--role", "operator", "--user", "ann"]
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

    @Test("entities of several documents are applied, listed, shown, tagged and deleted")
    func entities() async throws {
        let documents = try file(
            """
            kind: Agent
            name: one
            category: "007"
            customProperties: {count: 3, share: 0.5, flag: true, nothing: null, text: "yes"}
            ---
            kind: skills/skills
            name: two
            version: "1.0"
            """)
        let applied = try json(try await run("apply", "-f", documents, "-o", "json"))
        #expect(applied["items"]?.arrayValue?.map { $0["result"] } == ["created", "created"])

        let shown = try await run("get", "agent", "one", "-o", "yaml")
        #expect(shown.status == 0, "\(shown.errors)")
        let before = try json(try await run("get", "agents", "one", "-o", "json"))
        #expect(before["category"] == "007")
        #expect(before.value(at: "customProperties.text") == "yes")
        #expect(before.value(at: "customProperties.count")?.intValue == 3)
        let again = try await run("apply", "agents/agents", "-f", try file(shown.output))
        #expect(again.status == 0 && again.output.contains("applied"), "\(again.errors)")
        #expect(try json(try await run("get", "Agent", "one", "-o", "json")) == before)

        let list = try await run("list", "agents", "--filter", "category = '007'")
        #expect(list.output.split(separator: "\n").count == 2, "\(list.output)")
        #expect(list.output.hasPrefix("NAME ") && list.output.contains("\none "))
        let three = try json(try await run("list", "agents", "--limit", "3", "-o", "json"))
        #expect(three["items"]?.arrayValue?.count == 3)

        let tagged = try json(
            try await run(
                "action", "agents", "one", "tag", "--param", "tags=[\"x\"]", "-o", "json"))
        #expect(tagged["status"] == "completed")
        #expect(tagged.value(at: "data.tags") == ["x"])
        let dry = try json(
            try await run("action", "agents", "one", "deprecate", "--dry-run", "-o", "json"))
        #expect(dry["status"] == "dry-run")

        #expect(try await run("delete", "agents", "one").status == 0)
        let gone = try await run("get", "agents", "one")
        #expect(gone.status == 2, "\(gone.errors)")
    }

    @Test("wrong names are answered by those that were meant, wrong files by their place")
    func wrongNames() async throws {
        let kind = try await run("list", "agnets")
        #expect(kind.status == 64)
        #expect(kind.errors.contains("did you mean \"agents\"?"), "\(kind.errors)")
        #expect(try await run("list", "zzzzzzzz").errors.contains("did you mean") == false)
        let plugin = try await run("sources", "list", "polices")
        #expect(plugin.errors.contains("did you mean \"policies\"?"), "\(plugin.errors)")
        let names = try json(try await run("list", "skills", "--limit", "1", "-o", "json"))
        let name = try #require(names["items"]?.arrayValue?.first?["name"]?.stringValue)
        let entity = try await run("get", "skills", "\(name)x")
        #expect(entity.status == 2)
        #expect(entity.errors.contains("did you mean \"\(name)\"?"), "\(entity.errors)")
        let action = try await run("action", "skills", name, "tga")
        #expect(action.status == 64 && action.errors.contains("\"tag\""), "\(action.errors)")
        let file = try await run("apply", "skills", "-f", try file("name: [\n"))
        #expect(file.status == 64 && file.errors.contains("2:1"), "\(file.errors)")
        #expect(try await run("apply", "skills", "-f", "/nowhere").status == 64)
        let viewer = try await ControlRun([
            "delete", "skills", name, "--server", "http://127.0.0.1:\(server.port)",
        ])
        #expect(viewer.status == 1 && viewer.errors.contains("(403)"), "\(viewer.errors)")
        let absent = try await ControlRun(["plugins", "--server", "http://127.0.0.1:1"])
        #expect(absent.status == 3, "\(absent.errors)")
    }

    @Test("sources are validated, applied, refreshed, disabled, rolled back and deleted")
    func sources() async throws {
        let text = "id: mine\nname: Mine\ntype: yaml\nproperties:\n  content: |\n    skills: []\n"
        let good = try file(text)
        let valid = try await run("sources", "validate", "skills", "-f", good)
        #expect(valid.status == 0, "\(valid.output) \(valid.errors)")
        let bad = try file("id: mine\nname: Mine\ntype: none\n")
        #expect(try await run("sources", "validate", "skills", "-f", bad).status == 1)
        #expect(try await run("sources", "apply", "skills", "-f", bad).status == 1)
        #expect(try await run("sources", "apply", "skills", "-f", good).status == 0)
        let more = try file(text.replacing("[]", with: "[{name: mine-1}]"))
        #expect(try await run("sources", "apply", "skills", "-f", more).status == 0)

        let refreshed = try await run("refresh", "skills", "mine", "--wait", "-o", "json")
        #expect(try json(refreshed)["state"] == "succeeded", "\(refreshed.errors)")
        #expect(refreshed.errors.contains("succeeded: Loaded 1 entities"), "\(refreshed.errors)")
        let id = try #require(try json(refreshed)["id"]?.stringValue)
        #expect(try await run("jobs", "list", "--plugin", "skills").output.contains(id))
        #expect(try json(try await run("jobs", "get", id, "-o", "json"))["requestedBy"] == "ann")
        #expect(try await run("jobs", "cancel", id).status == 1)
        #expect(try await run("jobs", "get", "none").status == 2)

        let list = try await run("sources", "list", "skills")
        #expect(list.output.contains("mine ") && list.output.contains("available"))
        #expect(try await run("sources", "disable", "skills", "mine").status == 0)
        #expect(try await run("sources", "enable", "skills", "mine").status == 0)
        let revisions = try json(
            try await run("sources", "revisions", "skills", "mine", "-o", "json"))
        let versions = (revisions["revisions"]?.arrayValue ?? []).compactMap {
            $0["version"]?.stringValue
        }
        let first = try #require(versions.last)
        let back = try await run("sources", "rollback", "skills", "mine", first)
        #expect(back.status == 0, "\(back.errors)")
        #expect(try await run("sources", "delete", "skills", "mine").status == 0)
        #expect(try await run("sources", "delete", "skills", "mine").status == 2)
    }

    @Test("a refresh that fails ends with 1, and says why")
    func failedRefresh() async throws {
        let folder = try ServerFiles.temporaryFolder()
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let sources = """
            apiVersion: catalog/v1alpha1
            kind: CatalogSources
            catalogs:
              skills:
                sources:
                  - {id: lost, name: Lost, type: yaml, properties: {yamlCatalogPath: skills.yaml}}
            """
        try sources.write(
            toFile: "\(folder)/sources.yaml", atomically: true, encoding: .utf8)
        let catalog = "\(folder)/skills.yaml"
        try "skills: []\n".write(toFile: catalog, atomically: true, encoding: .utf8)
        let server = try await ServerProcess.ready(
            ServerProcess.Options(sources: "\(folder)/sources.yaml"))
        try FileManager.default.removeItem(atPath: catalog)
        let refreshed = try await ControlRun([
            "refresh", "skills", "lost", "--wait", "--role", "operator",
            "--server", "http://127.0.0.1:\(server.port)",
        ])
        #expect(refreshed.status == 1, "\(refreshed.output) \(refreshed.errors)")
        #expect(refreshed.output.contains("failed"), "\(refreshed.output)")
    }

    @Test("events, changes, governance, caches and health are shown")
    func looks() async throws {
        #expect(try await run("plugins").output.contains("guardrails"))
        #expect(try await run("namespaces").output == "NAMESPACE\ndefault\n")
        #expect(try await run("health").output.contains("ready"))
        let document = try file("{\"name\": \"seen\"}")
        #expect(try await run("apply", "agents", "-f", document).status == 0)
        let changes = try await run(
            "changes", "--from", "0", "--plugin", "agents", "--count", "3", "-o", "json")
        #expect(changes.status == 0, "\(changes.errors)")
        let lines = changes.output.split(separator: "\n")
        #expect(lines.count == 3 && lines.allSatisfy { $0.contains("\"agents\"") })
        #expect(try await run("changes", "--from", "999999").status == 1)

        let list = try await run("audit", "list", "--actor", "ann")
        #expect(list.output.contains("ann"), "\(list.output)")
        let tail = try await run("audit", "tail", "--count", "1", "-o", "json")
        let event = try json(tail)
        let export = try await run("audit", "export")
        #expect(export.output.contains(event["id"]?.stringValue ?? "none"))

        #expect(try await run("governance", "show", "agents", "seen").output.contains("draft"))
        #expect(try await run("approvals", "list").status == 0)
        #expect(try await run("approvals", "approve", "none").status == 2)
        let stats = try json(try await run("cache", "stats", "-o", "json"))
        #expect(stats["servers"]?.arrayValue?.count == 1)
        let explained = try json(
            try await run("cache", "explain", "agents", "seen", "-o", "json"))
        #expect(explained["outcome"]?.stringValue != nil)
    }

    @Test(arguments: ["bash", "zsh", "fish"])
    func completions(shell: String) async throws {
        let script = try await ControlRun(["--generate-completion-script", shell])
        #expect(script.status == 0 && script.output.contains("rollback"))
    }
}
