/// Agents: a model with instructions, tools, knowledge and safeguards.
enum AgentsPlugin {
    static let definition = PluginDefinition(
        name: "agents", displayName: "Agents", icon: "robot",
        description: "Catalog of AI agents and their tools, knowledge and safeguards",
        sourceTypes: ["yaml", "git"], kinds: [agent])

    private static let agent = KindDefinition(
        kind: "Agent", plural: "agents", displayName: "Agent",
        description: "An AI agent with its model, instructions and references",
        notFoundNoun: "agent", basePath: PluginDefinition.basePath("agents"), icon: "robot",
        fields: FieldDefinition.catalog([
            .string("agentType"), .text("instructions", "Instructions"), .string("version"),
            .string("author"), .string("license"), .string("category"),
            .object("modelConfig", "Model", keys: modelConfig),
            .objects("tools", "Tools", keys: tool),
            .objects("knowledge", "Knowledge", keys: knowledge),
            .objects("guardrails", "Safety", keys: reference("guardrailRef", "enforcementMode")),
            .objects("policies", "Safety", keys: reference("policyRef", "enforcementMode")),
            .objects("promptRefs", "Prompts", keys: reference("promptTemplateRef", "role")),
            .objects("dependencies", "Dependencies", keys: reference("agentRef", "role")),
            .object("inputSchema", "Schemas"), .object("outputSchema", "Schemas"),
            .objects("examples", "Examples", keys: example),
        ]),
        columns: [
            .column("name", .large), .column("agentType"), .column("category"),
            .column("version", .small), .column("author"),
        ],
        filterFields: [
            .text("name"),
            .select(
                "agentType", "conversational", "task_oriented", "router", "planner", "executor",
                "evaluator"),
            .text("category"),
        ])

    private static let modelConfig = [
        NestedKey("preferredModelRef", .string), NestedKey("fallbackModelRefs", .stringArray),
        NestedKey("maxTokens", .integer), NestedKey("temperature", .double),
        NestedKey("topP", .double),
    ]

    private static let tool = [
        NestedKey("skillRef", .string), NestedKey("mcpToolRef", .string),
        NestedKey("required", .boolean), NestedKey("timeout", .integer),
    ]

    private static let knowledge = [
        NestedKey("knowledgeSourceRef", .string), NestedKey("retrievalHints", .object),
    ]

    private static let example = [NestedKey("input", .any), NestedKey("output", .any)]

    private static func reference(_ target: String, _ qualifier: String) -> [NestedKey] {
        NestedKey.strings(target, qualifier)
    }
}
