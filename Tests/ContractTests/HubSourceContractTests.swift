import CatalogModel
import TestSupport
import Testing

/// Section 4.4: sources of type `hf`, against a double of the hub.
@Suite("Sources from the model hub", .turns, .timeLimit(.minutes(5)))
struct HubSourceContractTests {
    private func site() async throws -> (SourceClient, HubDouble) {
        let site = try await ProviderSite.shared.value
        return (SourceClient(site.tenant(), .model), try await HubDouble.start())
    }

    private func properties(
        _ hub: HubDouble, _ included: JSONValue, _ more: JSONObject = [:]
    ) -> JSONObject {
        var properties = more
        properties["url"] = .string(hub.url)
        properties["includedModels"] = included
        return properties
    }

    private static let described: JSONObject = [
        "author": "acme", "private": false, "gated": "manual", "library_name": "transformers",
        "pipeline_tag": "text-generation", "tags": ["pytorch", "license:apache-2.0"],
        "createdAt": "2025-01-15T08:30:00.000Z", "lastModified": "2025-02-01T00:00:00.000Z",
        "cardData": ["license": "apache-2.0", "language": ["en", "de"]],
        "config": ["architectures": ["LlamaForCausalLM"], "model_type": "llama"],
        "downloads": 17,
    ]

    @Test("a model has what the hub says of it")
    func model() async throws {
        let (manager, hub) = try await site()
        hub.put("acme/one", Self.described, readme: "# One\n")
        let info = try await manager.applied("hub", type: "hf", properties(hub, ["acme/one"]))
        #expect(info.value(at: "status.state") == "available", "\(info)")
        let path = "\(Catalog.model.base)/sources/hub/models/acme/one"
        let model = try await manager.tenant.get(path).json()
        #expect(model["name"] == "acme/one")
        #expect(model["source_id"] == "hub")
        #expect(model["externalId"] == "acme/one")
        #expect(model["provider"] == "acme")
        #expect(model["readme"] == "# One\n")
        #expect(model["license"] == "Apache 2.0")
        #expect(model["libraryName"] == "transformers")
        #expect(model["tasks"] == ["text-generation"])
        #expect(model["language"] == ["en", "de"])
        #expect(model["createTimeSinceEpoch"] == "1736929800000")
        #expect(model["lastUpdateTimeSinceEpoch"] == "1738368000000")
        func custom(_ name: String) -> String? {
            model.value(at: "customProperties.\(name).string_value")?.stringValue
        }
        #expect(custom("hf_private") == "false")
        #expect(custom("hf_gated") == "manual")
        #expect(custom("hf_tags") == #"["pytorch","license:apache-2.0"]"#)
        #expect(custom("hf_architectures") == #"["LlamaForCausalLM"]"#)
        #expect(custom("hf_model_type") == "llama")
        #expect(custom("last_synced").flatMap { Timestamp($0) } != nil)
        let artifacts = try await manager.tenant.get("\(path)/artifacts").items()
        #expect(artifacts.map { $0["uri"] } == ["hf://acme/one"])
        #expect(hub.web.requests.map(\.path).contains("/acme/one/raw/main/README.md"))
    }

    @Test("patterns find models of an organization, over all pages")
    func patterns() async throws {
        let (manager, hub) = try await site()
        for number in 0..<130 { hub.put("acme/m-\(number)") }
        for id in ["acme/pre-a", "acme/Pre-b", "acme/not-pre", "other/pre-c"] { hub.put(id) }
        let cases: [(JSONObject, Int)] = [
            (["includedModels": ["acme/*"]], 133), (["includedModels": ["acme/pre*"]], 2),
            (["includedModels": ["acme/pre*", "other/pre-c", "acme/pre-a"]], 3),
            (["includedModels": ["acme/*"], "excludedModels": ["acme/m-*"]], 3),
            (["includedModels": ["pre*"], "allowedOrganization": "acme"], 2),
            (
                [
                    "includedModels": ["*"], "allowedOrganization": "acme",
                    "excludedModels": ["m-*"],
                ], 3
            ),
        ]
        for (more, count) in cases {
            let included = try #require(more["includedModels"])
            let info = try await manager.applied("hub", type: "hf", properties(hub, included, more))
            #expect(
                info.value(at: "status.entityCount")?.intValue == Int64(count), "\(more): \(info)")
        }
        #expect(hub.web.requests.contains { $0.query["cursor"] == "100" })
        #expect(hub.web.requests.allSatisfy { $0.query["limit"] ?? "100" == "100" })
        #expect(hub.web.requests.contains { $0.query["search"] == "pre" })
    }

    @Test(
        "patterns that ask for a whole hub are refused",
        arguments: [
            [:], ["includedModels": []], ["includedModels": ["*"]], ["includedModels": ["*/x"]],
            ["includedModels": ["a*/x"]], ["includedModels": ["acme"]],
            ["includedModels": ["acme/a*b"]], ["includedModels": ["acme/a/b"]],
            ["includedModels": ["../x"]], ["includedModels": "acme/one"],
            ["includedModels": ["acme/one"], "maxModels": 0],
            ["includedModels": ["acme/one"], "excludedModels": [""]],
            ["includedModels": ["other/x"], "allowedOrganization": "acme"],
        ] as [JSONObject])
    func refused(properties: JSONObject) async throws {
        let (manager, _) = try await site()
        let response = try await manager.apply("hub", type: "hf", properties)
        #expect(response.status == 422, "\(response.text)")
    }

    @Test("a refresh takes what has changed, and writes nothing when nothing has")
    func changes() async throws {
        let (manager, hub) = try await site()
        hub.put("acme/one", Self.described)
        hub.put("acme/two")
        _ = try await manager.applied("hub", type: "hf", properties(hub, ["acme/*"]))
        func revision() async throws -> String? {
            try await manager.tenant.get(Catalog.model.list).header("X-Catalog-Revision")
        }
        let before = try await revision()
        // What is not shown of a model does not count.
        var popular = Self.described
        popular["downloads"] = 18
        hub.put("acme/one", popular)
        _ = try await manager.refreshed("hub")
        #expect(try await revision() == before)
        hub.remove("acme/two")
        hub.put("acme/three")
        let info = try await manager.refreshed("hub")
        #expect(info.value(at: "status.lastRefreshSummary") == "Loaded 2 entities, removed 1")
        #expect(try await manager.names() == ["acme/one", "acme/three"])
    }

    @Test("a failing hub leaves what was loaded")
    func failures() async throws {
        let (manager, hub) = try await site()
        hub.put("acme/one")
        _ = try await manager.applied("hub", type: "hf", properties(hub, ["acme/*", "acme/one"]))
        let cases: [(WebServer.Answer?, String)] = [
            (.text("", status: 503), "source_unavailable"), (.hang, "timeout"),
            (.drop, "unreachable"), (.text("no json"), "bad_answer"),
            (.text("", status: 302, ["Location": "http://169.254.169.254/"]), "bad_answer"),
        ]
        for (fault, code) in cases {
            hub.fail(with: fault)
            try await manager.expectFailure(await manager.refreshed("hub"), code)
            #expect(try await manager.names() == ["acme/one"])
        }
        hub.fail(with: nil)
        hub.remove("acme/one")
        try await manager.expectFailure(await manager.refreshed("hub"), "not_found")
        #expect(try await manager.names() == ["acme/one"])
    }

    @Test("the key is checked first, and another secret of the process never leaves it")
    func key() async throws {
        let (manager, hub) = try await site()
        hub.put("acme/one")
        hub.require(keys: [ProviderSite.key])
        let info = try await manager.applied("hub", type: "hf", properties(hub, ["acme/one"]))
        #expect(info.value(at: "status.state") == "available", "\(info)")
        let first = try #require(hub.web.requests.first)
        #expect(first.path == "/api/whoami-v2")
        #expect(first.header("authorization") == "Bearer \(ProviderSite.key)")

        hub.require(keys: ["hf_another"])
        try await manager.expectFailure(await manager.refreshed("hub"), "unauthorized")
        let asked = hub.web.requests.count
        for variable in ["OTHER_SECRET", "NOT_THERE"] {
            let refused = try await manager.applied(
                "hub", type: "hf",
                properties(hub, ["acme/one"], ["apiKeyEnvVar": .string(variable)]))
            try await manager.expectFailure(refused, "unauthorized")
        }
        #expect(hub.web.requests.count == asked)
        #expect(try await manager.names() == ["acme/one"])
    }

    @Test("a preview asks the hub of the server, whatever address it is sent")
    func preview() async throws {
        let site = try await ProviderSite.shared.value
        let manager = SourceClient(site.tenant(), .model)
        for id in ["show/pre-a", "show/pre-b", "show/pre-c-beta", "show/other"] { site.hub.put(id) }
        func preview(_ config: String) async throws -> HTTPResponse {
            let body =
                "--b0undary\r\nContent-Disposition: form-data; name=\"config\"; filename=\"c\"\r\n\r\n"
                + "\(config)\r\n--b0undary--\r\n"
            return try await manager.tenant.client.send(
                "POST", "\(Catalog.model.base)/sources/preview",
                headers: manager.tenant.headers([
                    "Content-Type": "multipart/form-data; boundary=b0undary"
                ]), body: Array(body.utf8))
        }
        for type in ["hf", "huggingface"] {
            let response = try await preview(
                """
                type: \(type)
                url: http://127.0.0.1:1
                includedModels: ["show/pre*"]
                excludedModels: ["*-beta"]
                properties: {url: "http://127.0.0.1:1"}
                """)
            #expect(response.status == 200, "\(response.text)")
            #expect(
                try response.items() == [
                    ["name": "show/pre-a", "included": true],
                    ["name": "show/pre-b", "included": true],
                    ["name": "show/pre-c-beta", "included": false],
                ])
            #expect(try response.body("summary.totalModels") == 3)
        }
        let few = try await preview(
            "type: hf\nincludedModels: [\"show/*\"]\nproperties: {maxModels: 2}")
        #expect(try few.body("summary.totalModels") == 2)
        let own = try await preview(
            "type: hf\nproperties: {includedModels: [\"*\"], allowedOrganization: show}\n"
                + "excludedModels: [\"pre-*\"]")
        #expect(try own.body("summary.includedModels") == 1)
        for bad in [
            "type: hf", "type: hf\nincludedModels: [\"*\"]", "type: hf\nincludedModels: [show/no]",
        ] {
            #expect(try await preview(bad).status == 422, "\(bad)")
        }
    }
}
