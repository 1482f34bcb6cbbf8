import CatalogModel
import TestSupport
import Testing

@Suite("Discovery", .turns, .timeLimit(.minutes(5)))
struct DiscoveryContractTests {
    private static let columnTypes: Set = ["string", "integer", "array", "object", "boolean"]
    private static let operators = [
        "text": ["=", "!=", "LIKE"], "select": ["=", "!="],
        "number": ["=", ">", "<", ">=", "<="],
    ]
    private static let options: [String: [String]] = [
        "agentType": [
            "conversational", "task_oriented", "router", "planner", "executor", "evaluator",
        ],
        "guardrailType": [
            "nemo_guardrails", "guardrails_ai", "regex_rules", "content_filter",
            "moderation_profile",
        ],
        "enforcementStage": [
            "pre_prompt", "post_generation", "tool_use", "retrieval", "output_format",
        ],
        "enforcementMode": ["advisory", "required"],
        "sourceType": ["document", "url", "vector_store", "graph_store"],
        "status": ["active", "indexing", "error", "archived"],
        "deploymentMode": ["local", "remote", "hybrid"],
        "transportType": ["stdio", "sse", "streamable-http"],
        "policyType": [
            "access_control", "data_governance", "safety", "tool_allowlist", "model_allowlist",
            "compliance",
        ],
        "language": ["rego", "yaml_rules", "json_rules", "cel"],
        "enforcementScope": ["agent", "organization", "namespace", "project"],
        "format": ["chat_messages", "completion", "jinja2", "handlebars", "raw"],
        "skillType": ["mcp_tool", "openapi_operation", "k8s_action", "shell_command"],
        "riskLevel": ["low", "medium", "high"],
    ]

    private func capabilities(_ catalog: Catalog) async throws -> JSONValue {
        let client = try await SharedServer.get().client
        let response = try await client.get("/api/plugins/\(catalog.plugin)/capabilities")
        try #require(response.status == 200)
        return try response.json()
    }

    private func entity(_ catalog: Catalog) async throws -> JSONValue {
        let entities = try #require(try await capabilities(catalog)["entities"]?.arrayValue)
        try #require(entities.count == 1)
        return entities[0]
    }

    @Test("lists the eight plugins in the order of the contract")
    func plugins() async throws {
        let response = try await SharedServer.get().client.get("/api/plugins")
        #expect(response.status == 200)
        let plugins = try #require(try response.body("plugins")?.arrayValue)
        #expect(plugins.map { $0["name"]?.stringValue } == Catalog.all.map(\.plugin))
        #expect(try response.body("count") == .number(JSONNumber(Int64(plugins.count))))
    }

    @Test("describes each plugin", arguments: Catalog.all)
    func plugin(catalog: Catalog) async throws {
        let client = try await SharedServer.get().client
        let plugins = try #require(
            try await client.get("/api/plugins").body("plugins")?.arrayValue)
        let plugin = try #require(plugins.first { $0["name"]?.stringValue == catalog.plugin })
        #expect(plugin["version"] == "v1alpha1")
        #expect(plugin["description"]?.stringValue?.isEmpty == false)
        #expect(plugin["basePath"]?.stringValue == catalog.base)
        #expect(plugin["healthy"] == true)
        #expect(plugin["entityKinds"] == .array([.string(catalog.kind)]))
        let expected: JSONValue = [
            "entityKinds": .array([.string(catalog.kind)]), "listEntities": true,
            "getEntity": true, "listSources": true,
            "artifacts": .bool(catalog.plugin == "model"),
        ]
        #expect(plugin["capabilities"] == expected)
        let management: JSONValue = [
            "sourceManager": true, "refresh": true, "diagnostics": true, "actions": true,
        ]
        #expect(plugin["management"] == management)
        #expect(plugin.value(at: "uiHints.identityField") == "name")
        #expect(plugin.value(at: "uiHints.displayNameField") == "name")
        #expect(plugin.value(at: "uiHints.descriptionField") == "description")
        let listed = plugin.value(at: "uiHints.listColumns")?.arrayValue ?? []
        #expect(listed.count == catalog.columns.count)
        let details = plugin.value(at: "uiHints.detailFields")?.arrayValue ?? []
        #expect(!details.isEmpty)
        for detail in details {
            for key in ["field", "label", "section"] {
                #expect(detail[key]?.stringValue?.isEmpty == false)
            }
        }
        #expect(plugin.value(at: "cliHints.sortField") == "name")
        #expect(plugin.value(at: "cliHints.defaultColumns")?.arrayValue?.isEmpty == false)
        let filterable = plugin.value(at: "cliHints.filterableFields")?.arrayValue ?? []
        #expect(Set(filterable.compactMap(\.stringValue)).isSuperset(of: catalog.filters.keys))
    }

    @Test("the inline capabilities are those of the endpoint", arguments: Catalog.all)
    func inlineCapabilities(catalog: Catalog) async throws {
        let client = try await SharedServer.get().client
        let plugins = try #require(
            try await client.get("/api/plugins").body("plugins")?.arrayValue)
        let plugin = try #require(plugins.first { $0["name"]?.stringValue == catalog.plugin })
        #expect(plugin["capabilitiesV2"] == (try await capabilities(catalog)))
    }

    @Test("capabilities describe the plugin and its addresses", arguments: Catalog.all)
    func shape(catalog: Catalog) async throws {
        let all = try await capabilities(catalog)
        #expect(all["schemaVersion"] == "v1")
        #expect(all.value(at: "plugin.name")?.stringValue == catalog.plugin)
        #expect(all.value(at: "plugin.version") == "v1alpha1")
        #expect(all.value(at: "plugin.displayName")?.stringValue == catalog.displayName)
        #expect(all.value(at: "plugin.icon")?.stringValue == catalog.icon)
        #expect(all.value(at: "sources.manageable") == true)
        #expect(all.value(at: "sources.refreshable") == true)
        let types = all.value(at: "sources.types")?.arrayValue?.compactMap(\.stringValue)
        #expect(types == catalog.sourceTypes)
        let entity = try await entity(catalog)
        #expect(entity["kind"]?.stringValue == catalog.kind)
        #expect(entity["plural"]?.stringValue == catalog.plural)
        #expect(entity.value(at: "endpoints.list")?.stringValue == catalog.list)
        #expect(entity.value(at: "endpoints.get")?.stringValue == catalog.getTemplate)
        for path in ["displayName", "description", "uiHints.icon", "uiHints.nameField"] {
            #expect(entity.value(at: path)?.stringValue?.isEmpty == false, "\(path)")
        }
        #expect(entity.value(at: "uiHints.detailSections")?.arrayValue?.first == "Overview")
        #expect(entity.value(at: "governance.supported") == true)
        #expect(entity.value(at: "governance.lifecycle.defaultState") == "draft")
    }

    @Test("columns are those of the contract, with type, path and width", arguments: Catalog.all)
    func columns(catalog: Catalog) async throws {
        let columns = try #require(
            try await entity(catalog).value(at: "fields.columns")?.arrayValue)
        #expect(columns.map { $0["name"]?.stringValue } == catalog.columns)
        for column in columns {
            let name = try #require(column["name"]?.stringValue)
            #expect(Self.columnTypes.contains(column["type"]?.stringValue ?? ""), "\(name)")
            #expect(["sm", "md", "lg"].contains(column["width"]?.stringValue))
            #expect(column["sortable"]?.boolValue == !catalog.unsortable.contains(name))
            #expect(column["displayName"]?.stringValue?.isEmpty == false)
            let path =
                switch (catalog.plugin, name) {
                case ("model", "task"): "tasks"
                case ("skills", "riskLevel"): "safety.riskLevel"
                default: name
                }
            #expect(column["path"]?.stringValue == path)
        }
    }

    @Test("filter fields have their controls, operators and options", arguments: Catalog.all)
    func filterFields(catalog: Catalog) async throws {
        let fields = try #require(
            try await entity(catalog).value(at: "fields.filterFields")?.arrayValue)
        let declared = Set(fields.compactMap { $0["name"]?.stringValue })
        // Every kind can be filtered by its name, also where the contract's table leaves it out.
        #expect(declared.subtracting(["name"]) == Set(catalog.filters.keys).subtracting(["name"]))
        for field in fields {
            let name = try #require(field["name"]?.stringValue)
            let type = try #require(field["type"]?.stringValue)
            #expect(type == catalog.filters[name] ?? "text", "\(name)")
            let operators = field["operators"]?.arrayValue?.compactMap(\.stringValue)
            let expected = name == "source_id" ? ["=", "!="] : Self.operators[type]
            #expect(operators == expected, "\(name)")
            if type == "select" {
                let options = field["options"]?.arrayValue?.compactMap(\.stringValue)
                #expect(options == Self.options[name], "\(name)")
            }
        }
    }

    @Test("detail fields are grouped, the overview first", arguments: Catalog.all)
    func detailFields(catalog: Catalog) async throws {
        let fields = try #require(
            try await entity(catalog).value(at: "fields.detailFields")?.arrayValue)
        #expect(fields.first?["section"] == "Overview")
        #expect(fields.first?["name"] == "name")
        for field in fields {
            for key in ["name", "displayName", "path", "type", "section"] {
                #expect(field[key]?.stringValue?.isEmpty == false)
            }
        }
    }

    @Test("every plugin declares the four actions", arguments: Catalog.all)
    func actions(catalog: Catalog) async throws {
        let all = try await capabilities(catalog)
        let actions = try #require(all["actions"]?.arrayValue)
        let ids = actions.compactMap { $0["id"]?.stringValue }
        #expect(Set(ids) == ["tag", "annotate", "deprecate", "refresh"])
        for action in actions {
            let isRefresh = action["id"] == "refresh"
            #expect(action["scope"] == (isRefresh ? "source" : "asset"))
            #expect(action["supportsDryRun"]?.boolValue == !isRefresh)
            #expect(action["idempotent"] == true)
            #expect(action["displayName"]?.stringValue?.isEmpty == false)
            #expect(action["description"]?.stringValue?.isEmpty == false)
        }
        let own = try await entity(catalog)["actions"]?.arrayValue?.compactMap(\.stringValue)
        let expected = ["tag", "annotate", "deprecate"]
        let refreshes = ["model", "mcp"].contains(catalog.plugin)
        #expect(own == expected + (refreshes ? ["refresh"] : []))
    }

    @Test("MCP servers carry the richer hints")
    func richHints() async throws {
        let hints = try #require(try await entity(.mcp)["uiHints"])
        #expect(hints.value(at: "listView.titleField") == "name")
        #expect(hints.value(at: "listView.columns")?.arrayValue?.isEmpty == false)
        #expect(hints.value(at: "detailView.sections")?.arrayValue?.isEmpty == false)
        #expect(hints.value(at: "search.searchableFields")?.arrayValue?.isEmpty == false)
        #expect(hints.value(at: "actionHints.primary")?.stringValue == "tag")
        let displays: Set = [
            "text", "markdown", "badge", "tags", "link", "repoRef", "imageRef", "dateTime",
            "code", "json", "secretRef",
        ]
        for column in hints.value(at: "listView.columns")?.arrayValue ?? [] {
            #expect(displays.contains(column["display"]?.stringValue ?? ""))
        }
    }

    @Test("an unknown plugin has no capabilities", arguments: ["x", "agent", "models", "%41b"])
    func unknownPlugin(name: String) async throws {
        let client = try await SharedServer.get().client
        let response = try await client.get("/api/plugins/\(name)/capabilities")
        #expect(response.status == 404)
        let shown = name == "%41b" ? "Ab" : name
        #expect(try response.json() == ["error": .string("plugin \"\(shown)\" not found")])
    }

    @Test("no path of capabilities is empty or names an unknown field", arguments: Catalog.all)
    func noEmptyStrings(catalog: Catalog) async throws {
        func check(_ value: JSONValue, _ path: String) {
            switch value {
            case .string(let text): #expect(!text.isEmpty, "\(path)")
            case .array(let elements): for element in elements { check(element, "\(path)[]") }
            case .object(let object):
                for member in object.members { check(member.value, "\(path).\(member.key)") }
            default: break
            }
        }
        check(try await capabilities(catalog), "$")
    }
}
