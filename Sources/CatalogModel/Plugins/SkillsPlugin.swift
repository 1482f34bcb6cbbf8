/// Skills: operations that agents can call.
enum SkillsPlugin {
    static let definition = PluginDefinition(
        name: "skills", displayName: "Skills", icon: "wrench",
        description: "Catalog of skills that agents can call", sourceTypes: ["yaml"],
        kinds: [skill])

    private static let skill = KindDefinition(
        kind: "Skill", plural: "skills", displayName: "Skill",
        description: "An operation with its schemas, executor and safety rules",
        notFoundNoun: "skill", basePath: PluginDefinition.basePath("skills"), icon: "wrench",
        fields: FieldDefinition.catalog([
            .string("skillType"), .string("version"), .string("author"), .string("license"),
            .integer("timeoutSeconds", "Limits"), .object("inputSchema", "Schemas"),
            .object("outputSchema", "Schemas"), .object("execution", "Execution", keys: execution),
            .nested("riskLevel", path: ["safety", "riskLevel"], "Safety"),
            .object("safety", "Safety", keys: safety),
            .object("rateLimit", "Limits", keys: rateLimit),
            .object("retryPolicy", "Limits", keys: retryPolicy),
            .object("compatibility", "Compatibility", keys: compatibility),
        ]),
        columns: [
            .column("name", .large), .column("skillType"), .column("riskLevel", .small),
            .column("version", .small), .column("author"),
        ],
        filterFields: [
            .text("name"),
            .select(
                "skillType", "mcp_tool", "openapi_operation", "k8s_action", "shell_command"),
            .select("riskLevel", "low", "medium", "high"),
        ])

    private static let execution =
        NestedKey.strings(
            "executorType", "mcpServerRef", "toolName", "openapiRef", "operationId", "baseUrl",
            "apiGroup", "resource", "subresource", "verb", "command", "workingDir")
        + [NestedKey("args", .stringArray), NestedKey("env", .object)]

    private static let safety = [
        NestedKey("requiresApproval", .boolean), NestedKey("riskLevel", .string),
        NestedKey("networkAccessRequired", .boolean), NestedKey("allowedNamespaces", .stringArray),
        NestedKey("secretRefs", .stringArray),
    ]

    private static let rateLimit = [
        NestedKey("maxCallsPerMinute", .integer), NestedKey("maxConcurrent", .integer),
    ]

    private static let retryPolicy = [
        NestedKey("maxRetries", .integer), NestedKey("backoffSeconds", .double),
    ]

    private static let compatibility = [NestedKey("supportedEnvironments", .stringArray)]
}
