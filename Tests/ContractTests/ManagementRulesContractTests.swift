import CatalogModel
import TestSupport
import Testing

/// Rules of section 1.7 that are about single fields of a source.
@Suite("Rules of the management of sources", .turns, .timeLimit(.minutes(5)))
struct ManagementRulesContractTests {
    @Test(
        "a property whose name speaks of a secret is not shown, and comes back as it was",
        arguments: [
            "password", "dbPassword", "TOKEN", "authToken", "client_secret", "apikey", "ApiKey",
            "api_key", "X_API_KEY", "credentials",
        ])
    func redaction(key: String) async throws {
        let tenant = try await Tenant.fresh()
        let manager = SourceClient(tenant, .agents)
        for value: JSONValue in ["hunter2", 12345, true, ["a", "b"]] {
            var input = manager.input("s", ["a"])
            input["properties"] = ["content": "agents: [{name: a}]", "open": "seen"]
            var properties = input["properties"]?.objectValue ?? JSONObject()
            properties[key] = value
            input["properties"] = .object(properties)
            let applied = try await manager.post("apply-source", .object(input))
            #expect(applied.status == 200, "\(applied.text)")
            let shown = try #require(try applied.body("properties")?.objectValue)
            #expect(shown[key] == "***REDACTED***" && shown["open"] == "seen")
            properties[key] = "***REDACTED***"
            input["properties"] = .object(properties)
            #expect(try await manager.post("apply-source", .object(input)).status == 200)
            let stored = try await TenantDatabase.texts(
                "SELECT properties->'\(key)' FROM catalog_sources "
                    + "WHERE namespace = '\(tenant.namespace)'", of: tenant)
            #expect(try stored.map { try JSONParser.parse(Array($0.utf8)) } == [value])
        }
    }

    @Test("what a source must have is named, layer and field")
    func required() async throws {
        let tenant = try await Tenant.fresh()
        let manager = SourceClient(tenant, .skills)
        for (field, value) in [("id", ""), ("name", ""), ("type", ""), ("id", "UPPER")] {
            var input = manager.input("s", ["a"])
            input[field] = .string(value)
            let refused = try await manager.post("apply-source", .object(input))
            #expect(refused.status == 422, "\(refused.text)")
            #expect(try refused.body("valid") == false)
            let semantic = try #require(
                try refused.body("layerResults")?.arrayValue?.first { $0["layer"] == "semantic" })
            #expect(semantic["valid"] == false)
            let errors = try #require(semantic["errors"]?.arrayValue)
            #expect(errors.contains { $0["field"]?.stringValue == field }, "\(refused.text)")
            #expect(errors.allSatisfy { $0["message"]?.stringValue?.isEmpty == false })
        }
        var input = manager.input("s", ["a"])
        input["name"] = .string(String(repeating: "n", count: 256))
        #expect(try await manager.post("apply-source", .object(input)).status == 200)
    }

    @Test("a source is enabled unless it says otherwise; a disabled one has no entities")
    func enabled() async throws {
        let tenant = try await Tenant.fresh()
        let manager = SourceClient(tenant, .named("prompts"))
        let info = try await manager.apply("s", ["a"])
        #expect(info["enabled"] == true)
        var input = manager.input("off", ["b"])
        input["enabled"] = false
        let off = try await manager.post("apply-source", .object(input))
        #expect(try off.body("enabled") == false)
        #expect(try off.body("status.state") == "disabled")
        #expect(try await manager.names() == ["a"])
    }

    @Test("a deleted source leaves no status behind", arguments: Catalog.all)
    func statusGoes(catalog: Catalog) async throws {
        let tenant = try await Tenant.fresh()
        let manager = SourceClient(tenant, catalog)
        _ = try await manager.apply("s", ["a"])
        #expect(try await tenant.delete("\(manager.base)/sources/s").status == 200)
        #expect(try await manager.list().isEmpty)
        let diagnostics = try await tenant.get("\(manager.base)/diagnostics")
        #expect(try diagnostics.body("sources") == [])
        #expect(try diagnostics.body("lastRefresh") == nil)
        let again = try await manager.apply("s", ["a"], refresh: false)
        let status = try #require(again["status"]?.objectValue)
        #expect(status["state"] == "loading")
        #expect(status["entityCount"] == 0)
        for key in ["lastRefreshTime", "lastRefreshStatus", "lastRefreshSummary", "error"] {
            #expect(status[key] == nil, "\(key)")
        }
    }

    @Test("removals are counted, and durations are nanoseconds")
    func summary() async throws {
        let tenant = try await Tenant.fresh()
        let manager = SourceClient(tenant, .mcp)
        _ = try await manager.apply("s", ["a", "b", "c"])
        let info = try await manager.apply("s", ["a"])
        #expect(
            info.value(at: "status.lastRefreshSummary") == "Loaded 1 entities, removed 2")
        let duration = try #require(info.value(at: "status.lastRefreshDuration")?.intValue)
        #expect((1...60_000_000_000).contains(duration))
        let diagnostics = try await tenant.get("\(manager.base)/diagnostics")
        let source = try #require(try diagnostics.body("sources")?.arrayValue?.first)
        #expect(source["lastRefreshDuration"]?.intValue == duration)
    }

    @Test("a source of a file shows its text, but for models", arguments: Catalog.all)
    func content(catalog: Catalog) async throws {
        let client = try await SharedServer.get().client
        let sources = try #require(
            try await client.get("\(catalog.base)/management/sources").body("sources")?.arrayValue)
        #expect(sources.map { $0["id"]?.stringValue } == catalog.sources)
        for source in sources {
            let text = source.value(at: "properties.content")?.stringValue
            if catalog.plugin == "model" {
                #expect(text == nil)
            } else {
                #expect(text?.contains("\(catalog.plural):") == true)
            }
        }
    }

    @Test("to validate a source asks the provider alone")
    func providerAlone() async throws {
        let tenant = try await Tenant.fresh()
        let manager = SourceClient(tenant, .agents)
        var input = manager.input("UPPER", ["a"])
        input["name"] = ""
        let valid = try await manager.post("validate-source", .object(input))
        #expect(valid.status == 200)
        #expect(try valid.json() == ["valid": true])
        input["properties"] = ["content": "agents: [{name: a, nonsense: 1}]"]
        let invalid = try await manager.post("validate-source", .object(input))
        #expect(invalid.status == 200)
        #expect(try invalid.body("valid") == false)
        let errors = try #require(try invalid.body("errors")?.arrayValue)
        #expect(errors.first?["message"]?.stringValue?.contains("nonsense") == true)
    }

    @Test("overlays are of one namespace, plugin and name; a phase can be named")
    func overlays() async throws {
        let (one, two) = (try await Tenant.fresh(), try await Tenant.fresh())
        for (tenant, catalog) in [(one, Catalog.agents), (one, .skills), (two, .agents)] {
            _ = try await SourceClient(tenant, catalog).apply("s", ["a", "b"])
        }
        let manager = SourceClient(one, .agents)
        let phase = try await manager.post(
            "entities/a:action", ["action": "deprecate", "params": ["phase": "sunset"]])
        #expect(try phase.body("data") == ["lifecycle": "sunset"])
        for tags: JSONValue in [["x", "y"], ["z"]] {
            let tagged = try await manager.post(
                "entities/a:action", ["action": "tag", "params": ["tags": tags]])
            #expect(try tagged.body("data.tags") == tags)
        }
        let entity = try await one.get("\(Catalog.agents.list)/a").json()
        #expect(entity["lifecycle"] == "sunset" && entity["tags"] == ["z"])
        for (tenant, path) in [
            (one, "\(Catalog.agents.list)/b"), (one, "\(Catalog.skills.list)/a"),
            (two, "\(Catalog.agents.list)/a"),
        ] {
            let other = try await tenant.get(path).json()
            #expect(other["lifecycle"] == nil && other["tags"] == nil, "\(path)")
        }
    }

    @Test("methods that a path does not have are named", arguments: Catalog.all)
    func methods(catalog: Catalog) async throws {
        let tenant = try await Tenant.fresh()
        let base = "\(catalog.base)/management"
        for (method, path, allowed) in [
            ("DELETE", "sources", "GET"), ("GET", "apply-source", "POST"),
            ("GET", "validate-source", "POST"), ("GET", "sources/s/enable", "POST"),
            ("POST", "sources/s", "DELETE"), ("DELETE", "sources/s/revisions", "GET"),
            ("GET", "sources/s:rollback", "POST"), ("GET", "sources/s:validate", "POST"),
            ("POST", "diagnostics", "GET"), ("POST", "actions/asset", "GET"),
            ("POST", "entities/e", "GET"), ("GET", "refresh", "POST"),
        ] {
            let hasBody = method == "POST"
            let response = try await tenant.client.send(
                method, "\(base)/\(path)", headers: tenant.headers(), body: hasBody ? [] : nil)
            #expect(response.status == 405, "\(method) \(path)")
            #expect(response.header("Allow")?.contains(allowed) == true, "\(method) \(path)")
        }
    }
}
