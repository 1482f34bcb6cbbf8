import CatalogModel
import Foundation
import TestSupport
import Testing

@Suite("The names and options of catalogctl", .timeLimit(.minutes(3)))
struct NameTests {
    /// A command as the program describes itself.
    private struct Command {
        let path: [String]
        let children: [Command]
        let options: Set<String>

        init(_ value: JSONValue, below path: [String] = []) {
            let own = path + [value["commandName"]?.stringValue ?? ""]
            self.path = own
            children = (value["subcommands"]?.arrayValue ?? [])
                .filter { $0["commandName"] != "help" }.map { Command($0, below: own) }
            options = Set(
                (value["arguments"]?.arrayValue ?? []).flatMap { argument in
                    (argument["names"]?.arrayValue ?? []).compactMap { $0["name"]?.stringValue }
                })
        }

        /// The commands that do something.
        var leaves: [Command] { children.isEmpty ? [self] : children.flatMap(\.leaves) }
    }

    private func root() async throws -> Command {
        let dump = try await ControlRun(["--experimental-dump-help"])
        return Command(try #require(try JSONParser.parse(Array(dump.output.utf8))["command"]))
    }

    @Test("every command takes -o, and every one that asks servers takes -n and --server")
    func options() async throws {
        let leaves = try await root().leaves
        #expect(leaves.count > 50)
        for leaf in leaves {
            #expect(leaf.options.isSuperset(of: ["o", "output"]), "\(leaf.path)")
            // These look at what a server would start with, or at its store.
            guard !["config", "db", "store"].contains(leaf.path[1]) else { continue }
            #expect(leaf.options.contains("server"), "\(leaf.path)")
            // It compares all namespaces.
            guard leaf.path != ["catalogctl", "verify"] else { continue }
            #expect(leaf.options.isSuperset(of: ["n", "namespace"]), "\(leaf.path)")
        }
    }

    @Test("the page of catalogctl shows every command")
    func documented() async throws {
        let page = try String(
            contentsOfFile: "\(ServerFiles.repository)/docs/catalogctl.md", encoding: .utf8)
        let lines = page.split(separator: "\n").filter { $0.contains("catalogctl ") }
        for leaf in try await root().leaves {
            let words = leaf.path.dropFirst().joined(separator: " ")
            // Global options may stand in front; behind it no letter goes on with the name.
            let isShown = lines.contains { line in
                line.ranges(of: " \(words)").contains { found in
                    guard found.upperBound < line.endIndex else { return true }
                    let next = line[found.upperBound]
                    return !next.isLetter && next != "-"
                }
            }
            #expect(isShown, "\(words)")
        }
    }

    @Test(
        "a wrong name is told, with the right one: commands, plugins, kinds, entities, namespaces")
    func suggestions() async throws {
        let server = try await ServerProcess.ready(
            ServerProcess.Options(environment: [
                "CATALOG_TENANCY_MODE": "namespace", "CATALOG_NAMESPACES": "team-a,team-b",
            ]))
        let address = "http://127.0.0.1:\(server.port)"
        func check(
            _ arguments: [String], status: Int32, _ meant: String
        ) async throws {
            let run = try await ControlRun(["--server", address, "-n", "team-a"] + arguments)
            #expect(run.status == status, "\(arguments): \(run.errors)")
            #expect(
                run.errors.contains("did you mean \"\(meant)\"?"), "\(arguments): \(run.errors)")
        }
        try await check(["lits", "agents"], status: 64, "list")
        try await check(["cache", "evcit"], status: 64, "evict")
        try await check(["governance", "promte"], status: 64, "promote")
        try await check(["sources", "list", "agnets"], status: 64, "agents")
        try await check(["list", "agnets"], status: 64, "agents")
        try await check(["action", "agents", "x", "tga"], status: 64, "tag")
        let created = try await server.client.put(
            "/api/agents_catalog/v1alpha1/agents/planner",
            headers: ["X-User-Role": "operator", "X-Namespace": "team-a"],
            json: ["name": "planner"])
        #expect(created.status == 201)
        try await check(["get", "agents", "planer"], status: 2, "planner")

        let wrong = try await ControlRun([
            "--server", address, "-n", "taem-a", "list", "agents",
        ])
        #expect(wrong.status == 0 && wrong.errors.contains("did you mean \"team-a\"?"))
        let entity = try await ControlRun([
            "--server", address, "-n", "team_a", "list", "agents",
        ])
        #expect(entity.status == 1, "\(entity.errors)")
        // A name that is nowhere near gets no suggestion.
        let far = try await ControlRun(["zzzzzzzzz"])
        #expect(far.status == 64 && !far.errors.contains("did you mean"), "\(far.errors)")
        #expect(try await ControlRun(["help", "cache"]).status == 0)
        #expect(try await ControlRun(["cache", "--help"]).status == 0)
    }

    @Test("a job is waited for by its id, and a source and an event are looked at")
    func waits() async throws {
        let server = try await ServerProcess.ready()
        func run(_ arguments: String...) async throws -> ControlRun {
            try await ControlRun(
                ["--server", "http://127.0.0.1:\(server.port)", "--role", "operator"] + arguments)
        }
        let asked = try await run("refresh", "skills", "-o", "json")
        let id = try #require(
            try JSONParser.parse(Array(asked.output.utf8))["jobId"]?.stringValue)
        let waited = try await run("jobs", "wait", id, "--timeout", "60", "-o", "json")
        #expect(waited.status == 0, "\(waited.errors)")
        #expect(waited.output.contains("\"succeeded\""))
        #expect(waited.errors.hasSuffix("\n") && waited.errors.contains("succeeded: Loaded"))
        #expect(!waited.errors.contains("\u{1B}"))
        #expect(try await run("jobs", "show", id).output.contains(id))
        #expect(try await run("jobs", "wait", "none").status == 2)
        let diagnostics = try await run("sources", "diagnostics", "skills")
        #expect(diagnostics.output.contains("skills-default"), "\(diagnostics.errors)")
        let list = try await run("audit", "list", "--limit", "1", "-o", "json")
        let event = try JSONParser.parse(Array(list.output.utf8))["events"]?.arrayValue?.first
        let eventID = try #require(event?["id"]?.stringValue)
        #expect(try await run("audit", "show", eventID).output.contains("actionVerb:"))
        #expect(try await run("audit", "show", "none").status == 2)
    }
}
