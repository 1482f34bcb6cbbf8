import Testing

/// One row of the contract's table of plugins (section 1.4), written down independently of the code.
struct Catalog: Sendable, CustomTestStringConvertible {
    /// How lists speak about pages.
    enum Convention: Sendable { case catalog, mcp, model }

    let plugin: String
    let kind: String
    let plural: String
    let displayName: String
    let icon: String
    let sourceTypes: [String]
    /// Sources of the samples.
    let sources: [String]
    /// Columns with those that cannot be sorted by.
    let columns: [String]
    let unsortable: [String]
    /// Filter fields with the kind of control that the contract gives them.
    let filters: [String: String]
    /// The fields of section 1.4 by which clients filter and order.
    let keys: [String]
    var convention = Convention.catalog
    /// The noun of the 404 text.
    let noun: String

    var base: String { "/api/\(plugin)_catalog/v1alpha1" }
    var list: String { "\(base)/\(plural)" }
    var getTemplate: String {
        convention == .model ? "\(base)/sources/{source_id}/models/{name}" : "\(list)/{name}"
    }
    var sourceKey: String { convention == .model ? "source_id" : "sourceId" }
    var tokenParameter: String { convention == .model ? "nextPageToken" : "pageToken" }
    var contentType: String {
        convention == .catalog ? "application/json" : "application/json; charset=UTF-8"
    }
    var testDescription: String { plugin }

    static func named(_ plugin: String) -> Catalog {
        guard let catalog = all.first(where: { $0.plugin == plugin }) else {
            preconditionFailure("no plugin \(plugin)")
        }
        return catalog
    }

    static let agents = named("agents")
    static let mcp = named("mcp")
    static let model = named("model")
    static let skills = named("skills")
    static let knowledge = named("knowledge")
    static let memoryPlugins = all.filter { $0.convention == .catalog }

    static let all: [Catalog] = [
        Catalog(
            plugin: "agents", kind: "Agent", plural: "agents", displayName: "Agents",
            icon: "robot", sourceTypes: ["yaml", "git"], sources: ["agents-default"],
            columns: ["name", "agentType", "category", "version", "author"], unsortable: [],
            filters: ["name": "text", "agentType": "select", "category": "text"],
            keys: [
                "name", "agentType", "category", "version", "author", "license", "sourceId",
            ], noun: "agent"),
        Catalog(
            plugin: "guardrails", kind: "Guardrail", plural: "guardrails",
            displayName: "Guardrails", icon: "shield", sourceTypes: ["yaml"],
            sources: ["guardrails-default"],
            columns: [
                "name", "guardrailType", "enforcementStage", "enforcementMode", "riskCategories",
            ], unsortable: ["riskCategories"],
            filters: [
                "name": "text", "guardrailType": "select", "enforcementStage": "select",
                "enforcementMode": "select",
            ],
            keys: [
                "name", "guardrailType", "enforcementStage", "riskCategories", "enforcementMode",
                "modalities", "version", "author", "sourceId",
            ], noun: "guardrail"),
        Catalog(
            plugin: "knowledge", kind: "KnowledgeSource", plural: "knowledgesources",
            displayName: "Knowledge Sources", icon: "database", sourceTypes: ["yaml"],
            sources: ["knowledge-default"],
            columns: [
                "name", "sourceType", "provider", "status", "documentCount", "contentType",
            ], unsortable: ["contentType"],
            filters: [
                "name": "text", "sourceType": "select", "provider": "text", "status": "select",
            ],
            keys: [
                "name", "sourceType", "location", "contentType", "provider", "status",
                "indexType", "sourceId", "documentCount", "vectorDimensions",
            ], noun: "knowledge source"),
        Catalog(
            plugin: "mcp", kind: "McpServer", plural: "mcpservers", displayName: "MCP Servers",
            icon: "server", sourceTypes: ["yaml"], sources: ["mcp-default"],
            columns: [
                "name", "deploymentMode", "provider", "transportType", "toolCount", "license",
                "category",
            ], unsortable: [],
            filters: [
                "name": "text", "deploymentMode": "select", "provider": "text",
                "category": "text", "license": "text", "transportType": "select",
                "toolCount": "number",
            ],
            keys: [
                "name", "deploymentMode", "provider", "category", "license", "transportType",
                "toolCount", "verified", "certified", "source_id", "serverUrl",
            ], convention: .mcp, noun: "MCP server"),
        Catalog(
            plugin: "model", kind: "CatalogModel", plural: "models", displayName: "Models",
            icon: "model", sourceTypes: ["yaml", "hf"],
            sources: [
                "organization_ai_models", "validated_ai_models", "community_custom_models",
            ],
            columns: ["name", "provider", "task", "license", "source_id"], unsortable: [],
            filters: [
                "name": "text", "provider": "text", "task": "text", "license": "text",
                "source_id": "text",
            ],
            keys: ["name", "provider", "task", "tasks", "license", "source_id", "description"],
            convention: .model, noun: "model"),
        Catalog(
            plugin: "policies", kind: "Policy", plural: "policies", displayName: "Policies",
            icon: "gavel", sourceTypes: ["yaml"], sources: ["policies-default"],
            columns: ["name", "policyType", "language", "enforcementScope", "enforcementMode"],
            unsortable: [],
            filters: [
                "policyType": "select", "language": "select", "enforcementScope": "select",
            ],
            keys: [
                "name", "policyType", "language", "bundleRef", "entrypoint", "enforcementScope",
                "enforcementMode", "version", "author", "sourceId",
            ], noun: "policy"),
        Catalog(
            plugin: "prompts", kind: "PromptTemplate", plural: "prompttemplates",
            displayName: "Prompt Templates", icon: "file-code", sourceTypes: ["yaml"],
            sources: ["prompts-default"],
            columns: ["name", "format", "version", "author", "taskTags"],
            unsortable: ["taskTags"],
            filters: ["name": "text", "format": "select", "taskTags": "text", "author": "text"],
            keys: ["name", "format", "taskTags", "version", "author", "license", "sourceId"],
            noun: "prompt template"),
        Catalog(
            plugin: "skills", kind: "Skill", plural: "skills", displayName: "Skills",
            icon: "wrench", sourceTypes: ["yaml"], sources: ["skills-default"],
            columns: ["name", "skillType", "riskLevel", "version", "author"], unsortable: [],
            filters: ["name": "text", "skillType": "select", "riskLevel": "select"],
            keys: [
                "name", "skillType", "version", "author", "license", "sourceId", "riskLevel",
            ], noun: "skill"),
    ]
}
