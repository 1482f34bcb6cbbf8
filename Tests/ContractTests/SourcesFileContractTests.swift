import CatalogModel
import Foundation
import TestSupport
import Testing

/// The config store `file` (contract, section 4.3).
@Suite("Sources kept in the sources file", .turns, .timeLimit(.minutes(5)))
struct SourcesFileContractTests {
    @Test("a change is written into the file, and the states before it are kept beside")
    func written() async throws {
        let site = try await ConfigStoreSite.start("file")
        let manager = site.manager()
        _ = try await manager.apply("extra", ["one"])
        let text = try site.fileText()
        for part in ["id: base", "id: filed", "yamlCatalogPath: agents.yaml", "displayName: Label"]
        {
            #expect(text.contains(part), "\(text)")
        }
        #expect(text.contains("- id: extra\n"), "\(text)")
        let names = try site.history()
        #expect(names.count == 2)
        for name in names {
            #expect(name.wholeMatch(of: /[0-9]+_[0-9a-f]{8}\.yaml/) != nil, "\(name)")
        }
        let oldest = "\(site.folder)/.history/\(try #require(names.first))"
        #expect(try String(contentsOfFile: oldest, encoding: .utf8) == ConfigStoreSite.text)
        let newest = try #require(
            try await manager.revisions("extra").first?["version"]?.stringValue)
        #expect(names.last?.hasSuffix("_\(newest).yaml") == true)
        for number in 0..<22 { _ = try await manager.apply("extra", ["n\(number)"]) }
        #expect(try site.history().count == 20)
        let base = try await manager.revisions("base")
        #expect(base.count == 1, "a state counts for the sources that it changes")
        _ = try await site.server.terminate()
    }

    @Test("what an operator writes is not written over, and is taken over")
    func edited() async throws {
        let site = try await ConfigStoreSite.start("file")
        let manager = site.manager()
        _ = try await manager.apply("extra", ["one"])
        // The server may look between an edit and the request, but hardly each time.
        var refusals = 0
        var name = "base"
        for number in 0..<5 where refusals == 0 {
            let next = "edited\(number)"
            try site.edit { $0.replacingOccurrences(of: "name: \(name)", with: "name: \(next)") }
            let edited = try site.fileText()
            let response = try await manager.post(
                "apply-source", .object(manager.input("extra", ["two\(number)"])))
            if response.status == 409 {
                refusals += 1
                #expect(try response.body("error") == "Conflict")
                #expect(try site.fileText() == edited)
            }
            name = next
        }
        #expect(refusals == 1)
        try await site.eventually("the edited source") {
            try await site.names("base") == [name]
        }
        let applied = try await manager.post(
            "apply-source", .object(manager.input("extra", ["two"])))
        #expect(applied.status == 200, "\(applied.text)")
        try site.edit { _ in "catalogs: [" }
        try await site.server.waitForLine {
            $0.value(at: "metadata.event") == "upkeep_failed"
                && $0.value(at: "metadata.task") == "sources"
        }
        #expect(try await site.names("base") == [name], "what was loaded stays")
        let broken = try await manager.post(
            "apply-source", .object(manager.input("extra", ["three"])))
        #expect(broken.status >= 400)
        #expect(try site.fileText() == "catalogs: [")
        try site.edit { _ in
            "catalogs: {agents: {sources: [{id: only, name: O, type: yaml, properties: {content:"
                + " 'agents: [{name: only}]'}}]}}"
        }
        try await site.eventually("the repaired file") { try await manager.names() == ["only"] }
        #expect(try await manager.list().map { $0["id"] } == ["only"])
        _ = try await site.server.terminate()
    }

    @Test("a change that cannot be kept fails, and nothing has changed")
    func unwritable() async throws {
        let site = try await ConfigStoreSite.start("file")
        let manager = site.manager()
        try "".write(toFile: "\(site.folder)/.history", atomically: true, encoding: .utf8)
        let before = try await manager.list()
        let failed = try await manager.post(
            "apply-source", .object(manager.input("extra", ["one"])))
        #expect(failed.status == 500)
        #expect(try failed.body("error") == "Internal Server Error")
        let off = try await manager.post("sources/base/enable", ["enabled": false])
        #expect(off.status == 500)
        #expect(try await manager.list() == before)
        #expect(try site.fileText() == ConfigStoreSite.text)
        try FileManager.default.removeItem(atPath: "\(site.folder)/.history")
        let large = String(repeating: "x", count: 1_100_000)
        var input = manager.input("extra", ["one"])
        input["properties"] = ["content": "agents: []", "note": .string(large)]
        let refused = try await manager.post("apply-source", .object(input))
        #expect(refused.status == 413)
        #expect(try site.fileText() == ConfigStoreSite.text)
        _ = try await manager.apply("extra", ["one"])
        _ = try await site.server.terminate()
    }

    @Test("a source that cannot be loaded keeps its entities and says why")
    func broken() async throws {
        let site = try await ConfigStoreSite.start("file", ["CATALOG_JOB_ENABLED": "false"])
        let manager = site.manager()
        let shown = try #require(try await manager.list().last)
        #expect(shown.value(at: "properties.content") == "agents: [{name: filed}]\n")
        var renamed = try #require(shown.objectValue)
        renamed["name"] = "Renamed"
        #expect(try await manager.post("apply-source", .object(renamed)).status == 200)
        #expect(try site.fileText().contains("yamlCatalogPath: agents.yaml"))
        #expect(!(try site.fileText().contains("name: filed}")), "the text stays in its file")
        let first = try #require(try await manager.revisions("filed").last?["version"])
        try FileManager.default.removeItem(atPath: "\(site.folder)/agents.yaml")
        let back = try await manager.post("sources/filed:rollback", ["version": first])
        #expect(back.status == 200, "\(back.text)")
        #expect(try back.body("reinitError")?.stringValue?.contains("agents.yaml") == true)
        #expect(try await site.names("filed") == ["filed"])
        let source = try #require(try await manager.list().last)
        #expect(source["name"] == "Filed")
        #expect(source.value(at: "status.state") == "error")
        #expect(source.value(at: "status.lastRefreshStatus") == "error")
        #expect(source.value(at: "status.lastRefreshSummary") == "Refresh failed")
        #expect(source.value(at: "status.error")?.stringValue?.contains("agents.yaml") == true)
        let diagnostics = try await site.tenant.get("\(manager.base)/diagnostics")
        let problem = try #require(try diagnostics.body("errors")?.arrayValue?.first)
        #expect(problem["source"] == "filed")
        #expect(problem["message"]?.stringValue?.contains("agents.yaml") == true)
        #expect(problem["time"] == source.value(at: "status.lastRefreshTime"))
        let shownSource = try #require(try diagnostics.body("sources")?.arrayValue?.last)
        #expect(shownSource["state"] == "error" && shownSource["error"] != nil)
        #expect((shownSource["lastRefreshDuration"]?.intValue ?? 0) > 0)
        let action = try await manager.post("sources/filed:action", ["action": "refresh"])
        #expect(action.status == 200)
        #expect(try action.body("status") == "error")
        #expect(try action.body("message")?.stringValue?.contains("agents.yaml") == true)
        let refresh = try await site.tenant.client.send(
            "POST", "\(manager.base)/refresh/filed", headers: site.tenant.headers(), body: [])
        #expect(refresh.status == 200)
        #expect(try refresh.body("error")?.stringValue?.contains("agents.yaml") == true)
        _ = try await site.server.terminate()
    }
}
