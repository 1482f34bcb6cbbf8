import CatalogModel
import TestSupport
import Testing

/// Sources under `{base}/management/` (contract, section 1.7), each test in a namespace of its own.
@Suite("Management of sources", .turns, .timeLimit(.minutes(5)))
struct ManagementSourcesContractTests {
    @Test("an applied source is listed, loads and can be read", arguments: Catalog.all)
    func apply(catalog: Catalog) async throws {
        let tenant = try await Tenant.fresh()
        let manager = SourceClient(tenant, catalog)
        let info = try await manager.apply("s1", ["one", "two"])
        #expect(info["id"] == "s1")
        #expect(info["name"] == "S1")
        #expect(info["type"] == "yaml")
        #expect(info["enabled"] == true)
        #expect(info["labels"] == ["L"])
        #expect(info.value(at: "status.state") == "available")
        #expect(info.value(at: "status.entityCount") == 2)
        #expect(info.value(at: "status.lastRefreshStatus") == "success")
        #expect(info.value(at: "status.lastRefreshSummary") == "Loaded 2 entities")
        #expect(info.value(at: "properties.content")?.stringValue?.contains("two") == true)
        #expect(try await manager.list() == [info])
        #expect(try await manager.names() == ["one", "two"])
        let entity = try await tenant.get("\(catalog.base)/management/entities/one")
        #expect(entity.status == 200)
        #expect(try entity.body("name") == "one")
        #expect(try entity.body(catalog.sourceKey) == "s1")
        let unknown = try await tenant.get("\(catalog.base)/management/entities/none/such")
        #expect(unknown.status == 404)
        #expect(try unknown.body("error") == "Not Found")
        #expect(try unknown.body("message")?.stringValue?.isEmpty == false)
    }

    @Test("a source without a refresh waits; a refresh of the action loads it")
    func withoutRefresh() async throws {
        let tenant = try await Tenant.fresh()
        let manager = SourceClient(tenant, .agents)
        let info = try await manager.apply("late", ["a"], refresh: false)
        #expect(info.value(at: "status.state") == "loading")
        #expect(try await manager.names().isEmpty)
        let done = try await manager.post("sources/late:action", ["action": "refresh"])
        #expect(done.status == 200)
        #expect(try done.body("action") == "refresh")
        #expect(try done.body("status") == "completed")
        #expect(try done.body("data.entitiesLoaded") == 1)
        #expect(try done.body("data.duration")?.stringValue?.hasSuffix("s") == true)
        #expect(try await manager.names() == ["a"])
    }

    @Test("a disabled source loses its entities, and has them again once enabled")
    func enable() async throws {
        let tenant = try await Tenant.fresh()
        let manager = SourceClient(tenant, .skills)
        _ = try await manager.apply("s", ["a", "b"])
        let off = try await manager.post("sources/s/enable", ["enabled": false])
        #expect(off.status == 200)
        #expect(try off.body("enabled") == false)
        #expect(try off.body("status.state") == "disabled")
        #expect(try await manager.names().isEmpty)
        let on = try await manager.post("sources/s/enable", ["enabled": true])
        #expect(try on.body("status.state") == "available")
        #expect(try await manager.names() == ["a", "b"])
        for body: JSONValue in [[:], ["enabled": "x"], [], nil] {
            #expect(try await manager.post("sources/s/enable", body).status == 400)
        }
    }

    @Test("a deleted source is gone, its entities too")
    func delete() async throws {
        let tenant = try await Tenant.fresh()
        let manager = SourceClient(tenant, .mcp)
        _ = try await manager.apply("s", ["a"])
        let gone = try await tenant.delete("\(manager.base)/sources/s")
        #expect(gone.status == 200)
        #expect(try gone.json() == ["status": "deleted"])
        #expect(try await manager.list().isEmpty)
        #expect(try await manager.names().isEmpty)
        #expect(try await tenant.get("\(Catalog.mcp.list)/a").status == 404)
    }

    @Test("what is not there is not found", arguments: Catalog.all)
    func unknown(catalog: Catalog) async throws {
        let tenant = try await Tenant.fresh()
        let manager = SourceClient(tenant, catalog)
        let responses = [
            try await manager.post("sources/none/enable", ["enabled": true]),
            try await tenant.delete("\(manager.base)/sources/none"),
            try await tenant.get("\(manager.base)/sources/none/revisions"),
            try await manager.post("sources/none:rollback", ["version": "1a2b3c4d"]),
            try await manager.post("sources/none:action", ["action": "refresh"]),
            try await manager.post(
                "entities/none:action", ["action": "tag", "params": ["tags": []]]),
        ]
        for response in responses {
            #expect(response.status == 404, "\(response.text)")
            #expect(try response.body("error") == "Not Found")
            #expect(try response.body("message")?.stringValue?.isEmpty == false)
        }
        for path in ["none", "actions/none"] {
            let missing = try await tenant.get("\(manager.base)/\(path)")
            #expect(missing.status == ContractMode.current.unrouted(404))
        }
    }

    @Test("a viewer may look but not change, and nothing of the body is read")
    func guardBeforeBody() async throws {
        let tenant = try await Tenant.fresh()
        let viewer = ["X-Namespace": tenant.namespace]
        let base = "\(Catalog.agents.base)/management"
        for path in [
            "apply-source", "validate-source", "sources/s/enable", "sources/s:validate",
            "sources/s:rollback", "sources/s:action", "entities/e:action", "refresh",
        ] {
            let response = try await tenant.client.send(
                "POST", "\(base)/\(path)", headers: viewer, body: Array("no json".utf8))
            #expect(response.status == 403, "\(path)")
            #expect(try response.isRefusal())
        }
        let gone = try await tenant.client.delete("\(base)/sources/s", headers: viewer)
        #expect(gone.status == 403)
        for path in ["sources", "diagnostics", "actions/source", "actions/asset"] {
            #expect(try await tenant.client.get("\(base)/\(path)", headers: viewer).status == 200)
        }
        #expect(try await tenant.events("action=apply-source").first?["outcome"] == "denied")
    }

    @Test("a body that is no JSON is refused", arguments: ["", "{", "[]", "\"x\"", "{\"id\":1}"])
    func badBody(body: String) async throws {
        let tenant = try await Tenant.fresh()
        let base = "\(Catalog.agents.base)/management"
        for path in ["apply-source", "validate-source", "sources/s:validate"] {
            let response = try await tenant.client.send(
                "POST", "\(base)/\(path)", headers: tenant.headers(), body: Array(body.utf8))
            #expect(response.status == 400, "\(path): \(response.text)")
            #expect(try response.body("error") == "Bad Request")
        }
    }

    @Test("every layer of the validation finds what is its own")
    func layers() async throws {
        let tenant = try await Tenant.fresh()
        let manager = SourceClient(tenant, .agents)
        func result(_ change: (inout JSONObject) -> Void) async throws -> HTTPResponse {
            var input = manager.input("s1", ["a"])
            change(&input)
            return try await manager.post("sources/s1:validate", .object(input))
        }
        func failed(_ response: HTTPResponse) throws -> [String] {
            #expect(response.status == 200)
            let layers = try #require(try response.body("layerResults")?.arrayValue)
            return layers.filter { $0["valid"] == false }.compactMap { $0["layer"]?.stringValue }
        }
        let sound = try await result { _ in }
        #expect(try sound.body("valid") == true)
        #expect(try failed(sound).isEmpty)
        let names = try #require(try sound.body("layerResults")?.arrayValue).map { $0["layer"] }
        #expect(
            names == ["yaml_parse", "strict_fields", "semantic", "security_warnings", "provider"])
        let broken = try await result { $0["properties"] = ["content": "agents: [\n"] }
        #expect(try broken.body("layerResults")?.arrayValue?.count == 1)
        #expect(try broken.body("errors")?.arrayValue?.first?["field"] == "properties.content")
        #expect(try failed(broken) == ["yaml_parse"])
        let strange = try await result {
            $0["properties"] = ["content": "agents: [{name: a, nonsense: 1}]"]
        }
        #expect(try failed(strange) == ["strict_fields"])
        #expect(try failed(await result { $0["name"] = "" }) == ["semantic"])
        #expect(
            try failed(await result { $0["name"] = .string(String(repeating: "n", count: 257)) })
                == ["semantic"])
        #expect(try failed(await result { $0["type"] = "hf" }) == ["provider"])
        #expect(
            try failed(await result { $0["properties"] = ["content": "agents: [{name: 1}]"] })
                == ["provider"])
        let plain = try await result {
            $0["properties"] = ["content": "agents: []", "authToken": "t"]
        }
        #expect(try plain.body("valid") == true)
        let warnings = try #require(try plain.body("warnings")?.arrayValue)
        #expect(warnings.map { $0["field"] } == ["properties.authToken"])
        for id in ["A", "-a", "a b", "api"] {
            let refused = try await manager.post(
                "apply-source", .object(manager.input(id, ["a"])))
            #expect(refused.status == 422, "\(id)")
            #expect(try refused.body("valid") == false)
            #expect(try refused.body("errors")?.arrayValue?.first?["field"] == "id")
        }
        let provider = try await manager.post(
            "validate-source", ["id": "s", "type": "nope", "name": "S"])
        #expect(provider.status == 200)
        #expect(try provider.body("valid") == false)
        #expect(try provider.body("errors")?.arrayValue?.first?["field"] == "type")
        let fine = try await manager.post("validate-source", .object(manager.input("s", [])))
        #expect(try fine.json() == ["valid": true])
        #expect(try await manager.list().isEmpty)
    }

    @Test("secrets are not shown, and come back when they are applied again")
    func redaction() async throws {
        let tenant = try await Tenant.fresh()
        let manager = SourceClient(tenant, .agents)
        var input = manager.input("s1", ["a"])
        var properties = input["properties"]?.objectValue ?? JSONObject()
        properties["authToken"] = "hunter2"
        properties["API_KEY"] = "k"
        input["properties"] = .object(properties)
        #expect(try await manager.post("apply-source", .object(input)).status == 200)
        let shown = try #require(try await manager.list().first)
        #expect(shown.value(at: "properties.authToken") == "***REDACTED***")
        #expect(shown.value(at: "properties.API_KEY") == "***REDACTED***")
        var again = try #require(shown.objectValue)
        again["name"] = "Renamed"
        let applied = try await manager.post("apply-source", .object(again))
        #expect(applied.status == 200, "\(applied.text)")
        #expect(try applied.body("name") == "Renamed")
        let pool = try await TenantDatabase.texts(
            "SELECT properties->>'authToken' || (properties->>'API_KEY') FROM catalog_sources "
                + "WHERE namespace = '\(tenant.namespace)'", of: tenant)
        #expect(pool == ["hunter2k"])
        var other = manager.input("s2", ["a"])
        other["properties"] = ["content": "agents: []", "token": "***REDACTED***"]
        #expect(try await manager.post("apply-source", .object(other)).status == 400)
    }

    @Test("revisions are kept for each source, and one can go back")
    func rollback() async throws {
        let tenant = try await Tenant.fresh()
        let manager = SourceClient(tenant, .knowledge)
        _ = try await manager.apply("s", ["a"])
        _ = try await manager.apply("other", ["z"])
        _ = try await manager.apply("s", ["b"])
        let revisions = try await manager.revisions("s")
        #expect(revisions.count == 2)
        for revision in revisions {
            #expect(revision["version"]?.stringValue?.count == 8)
            #expect(revision["timestamp"]?.stringValue?.hasSuffix("Z") == true)
            #expect((revision["size"]?.intValue ?? 0) > 0)
        }
        let first = try #require(revisions.last?["version"])
        let back = try await manager.post("sources/s:rollback", ["version": first])
        #expect(back.status == 200, "\(back.text)")
        #expect(try back.body("status") == "rolled_back")
        let version = try #require(try back.body("version"))
        #expect(version != first)
        #expect(try await manager.revisions("s").first?["version"] == version)
        #expect(try await manager.names() == ["a", "z"])
        #expect(try await manager.post("sources/s:rollback", [:]).status == 400)
        let unknown = try await manager.post("sources/s:rollback", ["version": "00000000"])
        #expect(unknown.status == 404)
        _ = try await tenant.delete("\(manager.base)/sources/s")
        #expect(try await manager.names() == ["z"])
        let revived = try await manager.post("sources/s:rollback", ["version": first])
        #expect(revived.status == 200, "\(revived.text)")
        #expect(try await manager.names() == ["a", "z"])
    }

    @Test("a change that expects another version is a conflict")
    func conflict() async throws {
        let tenant = try await Tenant.fresh()
        let manager = SourceClient(tenant, .knowledge)
        _ = try await manager.apply("s", ["a"])
        let old = try #require(try await manager.revisions("s").first?["version"]?.stringValue)
        _ = try await manager.apply("s", ["b"])
        let stale = ["If-Match": "\"\(old)\""]
        let responses = [
            try await tenant.post(
                "\(manager.base)/apply-source", .object(manager.input("s", ["c"])), stale),
            try await tenant.post(
                "\(manager.base)/sources/s/enable", ["enabled": false], stale),
            try await tenant.delete("\(manager.base)/sources/s", stale),
            try await tenant.post(
                "\(manager.base)/sources/s:rollback", ["version": .string(old)], stale),
        ]
        for response in responses {
            #expect(response.status == 409, "\(response.text)")
            #expect(try response.body("error") == "Conflict")
        }
        #expect(try await manager.names() == ["b"])
    }

    @Test("changes that come at once leave one of them, and the others know")
    func concurrent() async throws {
        let tenant = try await Tenant.fresh()
        let manager = SourceClient(tenant, .agents)
        _ = try await manager.apply("s", ["base"])
        let statuses = try await withThrowingTaskGroup { group in
            for number in 0..<8 {
                group.addTask {
                    try await manager.post(
                        "apply-source", .object(manager.input("s", ["n\(number)"]))
                    ).status
                }
            }
            return try await group.reduce(into: [Int]()) { $0.append($1) }
        }
        #expect(statuses.allSatisfy { $0 == 200 || $0 == 409 })
        let applied = statuses.filter { $0 == 200 }.count
        #expect(applied >= 1)
        #expect(try await manager.revisions("s").count == applied + 1)
    }

    @Test("each change is one audit event, and discovery is rendered anew")
    func audit() async throws {
        let tenant = try await Tenant.fresh()
        let manager = SourceClient(tenant, .agents)
        let path = "/api/plugins?x=\(tenant.namespace)"
        _ = try await tenant.client.hit(path, headers: tenant.headers())
        _ = try await manager.apply("s", ["a"])
        #expect(try await tenant.get(path).header("X-Cache") == "MISS")
        _ = try await manager.post("sources/s/enable", ["enabled": false])
        _ = try await manager.post("sources/s:validate", .object(manager.input("s", [])))
        _ = try await manager.post("apply-source", ["id": "s"])
        _ = try await tenant.delete("\(manager.base)/sources/s")
        let events = try await tenant.events()
        #expect(
            events.map { $0["actionVerb"] }
                == ["delete", "apply-source", "validate", "enable-source", "apply-source"])
        #expect(
            events.map { $0["outcome"] }
                == ["success", "failure", "success", "success", "success"])
        #expect(events.allSatisfy { $0["plugin"] == "agents" && $0["actor"] == "alice" })
        #expect(events.last?["resourceIds"] == ["s"])
        #expect(!events.contains { $0.encodedText.contains("agents:") })
    }

    @Test("no namespace sees or changes the sources of another")
    func isolation() async throws {
        let (one, two) = (try await Tenant.fresh(), try await Tenant.fresh())
        let manager = SourceClient(one, .agents)
        _ = try await manager.apply("s", ["a"])
        let other = SourceClient(two, .agents)
        #expect(try await other.list().isEmpty)
        #expect(try await other.names().isEmpty)
        #expect(try await two.delete("\(other.base)/sources/s").status == 404)
        #expect(try await two.get("\(other.base)/entities/a").status == 404)
        #expect(try await two.get("\(other.base)/sources/s/revisions").status == 404)
        _ = try await other.apply("s", ["b"])
        #expect(try await manager.names() == ["a"])
    }

    @Test("diagnostics and actions have the contract's shapes", arguments: Catalog.all)
    func shapes(catalog: Catalog) async throws {
        let tenant = try await Tenant.fresh()
        let manager = SourceClient(tenant, catalog)
        _ = try await manager.apply("s", ["a"])
        let diagnostics = try await tenant.get("\(manager.base)/diagnostics")
        #expect(try diagnostics.body("pluginName")?.stringValue == catalog.plugin)
        let source = try #require(try diagnostics.body("sources")?.arrayValue?.first)
        #expect(source["id"] == "s" && source["state"] == "available")
        #expect(source["entityCount"] == 1)
        #expect(try diagnostics.body("lastRefresh") == source["lastRefreshTime"])
        for (scope, ids) in [("source", ["refresh"]), ("asset", ["tag", "annotate", "deprecate"])] {
            let actions = try await tenant.get("\(manager.base)/actions/\(scope)")
            let found = try #require(try actions.body("actions")?.arrayValue)
            #expect(found.compactMap { $0["id"]?.stringValue } == ids)
            #expect(found.allSatisfy { $0["scope"]?.stringValue == scope })
            #expect(try actions.body("count")?.intValue == Int64(ids.count))
        }
    }
}
