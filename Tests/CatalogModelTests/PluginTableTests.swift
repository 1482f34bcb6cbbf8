import CatalogModel
import Testing

@Suite("The table of plugins")
struct PluginTableTests {
    /// One row of the contract's table of plugins.
    struct Row: Sendable {
        let plugin: String
        let configKey: String
        let kind: String
        let plural: String
        let noun: String
        let columns: [String]
        let filters: [String]
    }

    static let rows = [
        Row(
            plugin: "agents", configKey: "agents", kind: "Agent", plural: "agents", noun: "agent",
            columns: ["name", "agentType", "category", "version", "author"],
            filters: ["name", "agentType", "category"]),
        Row(
            plugin: "guardrails", configKey: "guardrails", kind: "Guardrail",
            plural: "guardrails", noun: "guardrail",
            columns: [
                "name", "guardrailType", "enforcementStage", "enforcementMode", "riskCategories",
            ],
            filters: ["name", "guardrailType", "enforcementStage", "enforcementMode"]),
        Row(
            plugin: "knowledge", configKey: "knowledge", kind: "KnowledgeSource",
            plural: "knowledgesources", noun: "knowledge source",
            columns: [
                "name", "sourceType", "provider", "status", "documentCount", "contentType",
            ],
            filters: ["name", "sourceType", "provider", "status"]),
        Row(
            plugin: "mcp", configKey: "mcp", kind: "McpServer", plural: "mcpservers",
            noun: "MCP server",
            columns: [
                "name", "deploymentMode", "provider", "transportType", "toolCount", "license",
                "category",
            ],
            filters: [
                "name", "deploymentMode", "provider", "category", "license", "transportType",
                "toolCount",
            ]),
        Row(
            plugin: "model", configKey: "models", kind: "CatalogModel", plural: "models",
            noun: "model", columns: ["name", "provider", "task", "license", "source_id"],
            filters: ["name", "provider", "task", "license", "source_id"]),
        Row(
            plugin: "policies", configKey: "policies", kind: "Policy", plural: "policies",
            noun: "policy",
            columns: ["name", "policyType", "language", "enforcementScope", "enforcementMode"],
            filters: ["policyType", "language", "enforcementScope"]),
        Row(
            plugin: "prompts", configKey: "prompts", kind: "PromptTemplate",
            plural: "prompttemplates", noun: "prompt template",
            columns: ["name", "format", "version", "author", "taskTags"],
            filters: ["name", "format", "taskTags", "author"]),
        Row(
            plugin: "skills", configKey: "skills", kind: "Skill", plural: "skills", noun: "skill",
            columns: ["name", "skillType", "riskLevel", "version", "author"],
            filters: ["name", "skillType", "riskLevel"]),
    ]

    @Test("plugins come in the order of the contract")
    func order() {
        #expect(Plugins.all.map(\.name) == Self.rows.map(\.plugin))
    }

    @Test("each plugin matches its row", arguments: rows)
    func row(_ row: Row) throws {
        let plugin = try #require(Plugins.named(row.plugin))
        let kind = try #require(Plugins.kind(plugin: row.plugin, kind: row.kind))
        #expect(Plugins.configKeyed(row.configKey) == plugin)
        #expect(plugin.basePath == "/api/\(row.plugin)_catalog/v1alpha1")
        #expect(plugin.kind(plural: row.plural) == kind)
        #expect(kind.notFoundNoun == row.noun)
        #expect(kind.listPath == "\(plugin.basePath)/\(row.plural)")
        #expect(kind.columns.map(\.name) == row.columns)
        #expect(kind.filterFields.map(\.name) == row.filters)
        #expect(kind.convention == plugin.listConvention)
    }

    @Test("only the model's get template names the source")
    func getTemplates() throws {
        for plugin in Plugins.all {
            for kind in plugin.kinds {
                let expected =
                    plugin.name == "model"
                    ? "/api/model_catalog/v1alpha1/sources/{source_id}/models/{name}"
                    : "\(kind.listPath)/{name}"
                #expect(kind.getTemplate == expected)
            }
        }
    }

    @Test("columns of arrays of the catalog kinds cannot be sorted")
    func unsortableColumns() {
        let unsortable = Plugins.all.flatMap { plugin in
            plugin.kinds.flatMap(\.columns).filter { !$0.sortable }.map(\.name)
        }
        #expect(unsortable == ["riskCategories", "contentType", "taskTags"])
    }

    @Test("filter fields and sortable columns resolve to comparable fields")
    func declaredNamesResolve() {
        for kind in Plugins.all.flatMap(\.kinds) {
            for filter in kind.filterFields {
                #expect(kind.field(named: filter.name)?.filterable == true, "\(filter.name)")
            }
            for column in kind.columns {
                #expect(kind.field(named: column.name) != nil, "\(column.name)")
                if column.sortable { #expect(kind.sortField(column.name) != nil) }
            }
        }
    }

    @Test(
        "the contract's filter keys resolve",
        arguments: [
            ("agents", "name agentType category version author license sourceId"),
            (
                "guardrails",
                "name guardrailType enforcementStage riskCategories enforcementMode modalities"
                    + " version author sourceId"
            ),
            (
                "knowledge",
                "name sourceType location contentType provider status indexType sourceId"
                    + " documentCount vectorDimensions"
            ),
            (
                "mcp",
                "id name externalId createTimeSinceEpoch lastUpdateTimeSinceEpoch serverUrl"
                    + " transportType toolCount deploymentMode image endpoint verified certified"
                    + " source_id sourceId"
            ),
            (
                "model",
                "id name externalId createTimeSinceEpoch source_id description owner state"
                    + " language library_name license_link license logo maturity provider readme"
                    + " tasks task"
            ),
            (
                "policies",
                "name policyType language bundleRef entrypoint enforcementScope"
                    + " enforcementMode version author sourceId"
            ),
            ("prompts", "name format taskTags version author license sourceId"),
            (
                "skills",
                "name skillType version author license sourceId riskLevel safety.riskLevel"
                    + " timeoutSeconds"
            ),
        ])
    func filterKeys(_ plugin: String, _ keys: String) throws {
        let kind = try #require(Plugins.named(plugin)?.kinds.first)
        for key in keys.split(separator: " ") {
            #expect(kind.field(named: String(key))?.filterable == true, "\(key)")
        }
    }

    @Test("list conventions keep the contract's numbers")
    func conventions() {
        #expect(ListConvention.catalog.defaultPageSize == 100)
        #expect(ListConvention.catalog.maximumPageSize == 1000)
        #expect(ListConvention.mcp.defaultPageSize == 20)
        #expect(ListConvention.mcp.nonPositiveSize == .unlimited)
        #expect(ListConvention.model.defaultPageSize == 10)
        #expect(ListConvention.model.tokenParameters.first == "nextPageToken")
        #expect(ListConvention.model.showsEmptyToken)
    }
}
