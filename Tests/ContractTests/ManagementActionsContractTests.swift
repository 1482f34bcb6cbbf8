import CatalogModel
import TestSupport
import Testing

/// Actions on entities: overlays that reads show and that nothing but another action takes away.
@Suite("Management of entities", .turns, .timeLimit(.minutes(5)))
struct ManagementActionsContractTests {
    private func act(
        _ manager: SourceClient, _ name: String, _ body: JSONValue
    ) async throws -> HTTPResponse {
        try await manager.post("entities/\(name):action", body)
    }

    @Test("tags, annotations and the lifecycle are seen in reads", arguments: Catalog.all)
    func visible(catalog: Catalog) async throws {
        let tenant = try await Tenant.fresh()
        let manager = SourceClient(tenant, catalog)
        _ = try await manager.apply("s", ["org/one", "two"])
        let path = "\(manager.base)/entities/org/one"
        let before = try await tenant.client.hit(path, headers: tenant.headers())
        let tagged = try await act(
            manager, "org/one", ["action": "tag", "params": ["tags": ["x", "y", "x"]]])
        #expect(tagged.status == 200, "\(tagged.text)")
        #expect(try tagged.body("action") == "tag")
        #expect(try tagged.body("status") == "completed")
        #expect(try tagged.body("message")?.stringValue?.isEmpty == false)
        #expect(try tagged.body("data") == ["tags": ["x", "y"]])
        let after = try await tenant.get(path)
        #expect(after.header("X-Cache") == "HIT")
        #expect(after.header("ETag") != before.header("ETag"))
        #expect(try after.body("tags") == ["x", "y"])
        let merged = try await act(
            manager, "org%2Fone",
            ["action": "annotate", "params": ["annotations": ["a": "1", "b": "2"]]])
        #expect(try merged.body("data") == ["annotations": ["a": "1", "b": "2"]])
        let more = try await act(
            manager, "org/one", ["action": "annotate", "params": ["annotations": ["b": "3"]]])
        #expect(try more.body("data") == ["annotations": ["a": "1", "b": "3"]])
        let old = try await act(manager, "org/one", ["action": "deprecate"])
        #expect(try old.body("data") == ["lifecycle": "deprecated"])
        let entity = try await tenant.get(path).json()
        #expect(entity["tags"] == ["x", "y"])
        #expect(entity["annotations"] == ["a": "1", "b": "3"])
        #expect(entity["lifecycle"] == "deprecated")
        let listed = try await tenant.get(catalog.list).items()
        #expect(listed.filter { $0["tags"] != nil }.map { $0["name"] } == ["org/one"])
        let events = try await tenant.events("action=execute-action")
        #expect(events.count == 4)
        #expect(events.allSatisfy { $0["resourceIds"] == ["org/one"] })
    }

    @Test("an overlay survives a refresh, and a source that goes and comes back")
    func survives() async throws {
        let tenant = try await Tenant.fresh()
        let manager = SourceClient(tenant, .agents)
        let path = "\(Catalog.agents.list)/a"
        _ = try await manager.apply("s", ["a", "b"])
        _ = try await act(manager, "a", ["action": "tag", "params": ["tags": ["x"]]])
        let tag = try await tenant.get(path).header("ETag")
        _ = try await manager.post("sources/s:action", ["action": "refresh"])
        let same = try await tenant.get(path)
        #expect(try same.body("tags") == ["x"])
        #expect(same.header("ETag") == tag, "a refresh without changes makes no revision")
        _ = try await manager.apply("s", ["a"])
        #expect(try await tenant.get(path).body("tags") == ["x"])
        _ = try await tenant.delete("\(manager.base)/sources/s")
        #expect(try await tenant.get(path).status == 404)
        _ = try await manager.apply("t", ["a"])
        #expect(try await tenant.get(path).body("tags") == ["x"])
        let none = try await act(manager, "a", ["action": "tag", "params": ["tags": []]])
        #expect(try none.body("data") == ["tags": []])
        #expect(try await tenant.get(path).body("tags") == nil)
    }

    @Test("writes of entities leave overlays alone")
    func writes() async throws {
        let tenant = try await Tenant.fresh()
        let manager = SourceClient(tenant, .agents)
        let path = "\(Catalog.agents.list)/w"
        #expect(try await tenant.put(path, ["name": "w", "description": "1"]).status == 201)
        _ = try await act(manager, "w", ["action": "tag", "params": ["tags": ["x"]]])
        var body = try #require(try await tenant.get(path).json().objectValue)
        let tag = try await tenant.get(path).header("ETag")
        let same = try await tenant.put(path, .object(body))
        #expect(same.status == 200, "\(same.text)")
        #expect(same.header("ETag") == tag, "nothing has changed")
        body["description"] = "2"
        #expect(try await tenant.put(path, .object(body)).status == 200)
        #expect(try await tenant.patch(path, ["description": "3"]).status == 200)
        let entity = try await tenant.get(path).json()
        #expect(entity["description"] == "3")
        #expect(entity["tags"] == ["x"])
    }

    @Test("a dry run changes nothing")
    func dryRun() async throws {
        let tenant = try await Tenant.fresh()
        let manager = SourceClient(tenant, .skills)
        _ = try await manager.apply("s", ["a"])
        let before = try await tenant.get("\(Catalog.skills.list)/a").header("ETag")
        let dry = try await act(
            manager, "a", ["action": "tag", "dryRun": true, "params": ["tags": ["x"]]])
        #expect(dry.status == 200)
        #expect(try dry.body("status") == "dry-run")
        #expect(try dry.body("data") == ["tags": ["x"]])
        #expect(try await tenant.get("\(Catalog.skills.list)/a").header("ETag") == before)
    }

    @Test("requests that make no sense are refused")
    func refused() async throws {
        let tenant = try await Tenant.fresh()
        let manager = SourceClient(tenant, .agents)
        _ = try await manager.apply("s", ["a"])
        let bodies: [JSONValue] = [
            [:], [], "x", ["action": ""], ["action": "nope"], ["action": 1],
            ["action": "refresh"], ["action": "tag"], ["action": "tag", "params": []],
            ["action": "tag", "params": ["tags": "x"]], ["action": "tag", "params": ["tags": [1]]],
            ["action": "tag", "params": ["tags": [""]]],
            ["action": "annotate", "params": ["annotations": ["a": 1]]],
            ["action": "annotate"], ["action": "deprecate", "params": ["phase": 1]],
            ["action": "tag", "dryRun": "x", "params": ["tags": []]],
        ]
        for body in bodies {
            let response = try await act(manager, "a", body)
            #expect(response.status == 400, "\(body): \(response.text)")
            #expect(try response.body("error") == "Bad Request")
        }
        let sourceBodies: [JSONValue] = [
            ["action": "tag"], ["action": "refresh", "dryRun": true], [:],
        ]
        for body in sourceBodies {
            #expect(try await manager.post("sources/s:action", body).status == 400)
        }
        let broken = try await tenant.client.send(
            "POST", "\(manager.base)/entities/a:action", headers: tenant.headers(),
            body: Array("{".utf8))
        #expect(broken.status == 400)
    }

    @Test("models and MCP servers can be refreshed through an entity")
    func refreshOfEntity() async throws {
        let tenant = try await Tenant.fresh()
        let manager = SourceClient(tenant, .mcp)
        _ = try await manager.apply("s", ["a"])
        let done = try await act(manager, "a", ["action": "refresh"])
        #expect(done.status == 200, "\(done.text)")
        #expect(try done.body("data.entitiesLoaded") == 1)
    }
}
