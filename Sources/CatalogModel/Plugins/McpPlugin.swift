/// MCP servers: tool servers that agents connect to.
enum McpPlugin {
    static let definition = PluginDefinition(
        name: "mcp", displayName: "MCP Servers", icon: "server",
        description: "Catalog of Model Context Protocol servers", sourceTypes: ["yaml"],
        listConvention: .mcp, kinds: [mcpServer])

    private static let mcpServer = KindDefinition(
        kind: "McpServer", plural: "mcpservers", displayName: "MCP Server",
        description: "A Model Context Protocol server with its tools, resources and prompts",
        notFoundNoun: "MCP server", basePath: PluginDefinition.basePath("mcp"),
        convention: .mcp, icon: "server", actions: ["tag", "annotate", "deprecate", "refresh"],
        fields: [
            .row("id", .id, label: "ID"), .name, .externalId, .description, .createTime,
            .updateTime, .string("serverUrl", connection),
            .string("transportType", connection), .integer("toolCount", capabilities),
            .integer("resourceCount", capabilities), .integer("promptCount", capabilities),
            FieldDefinition.string("deploymentMode").asRequired()
                .allowing(["local", "remote", "hybrid"], inFiles: ["local", "remote"]),
            .string("image", connection), .string("endpoint", connection),
            .string("supportedTransports", connection), .string("license"),
            .boolean("verified"), .boolean("certified"), .string("provider"),
            .string("category"), .text("logo", FieldDefinition.metadataSection),
            .customProperties, .sourceId,
        ],
        columns: [
            .column("name", .large), .column("deploymentMode", .small), .column("provider"),
            .column("transportType", .small), .column("toolCount", .small),
            .column("license", .small), .column("category"),
        ],
        filterFields: [
            .text("name"), .select("deploymentMode", "local", "remote", "hybrid"),
            .text("provider"), .text("category"), .text("license"),
            .select("transportType", "stdio", "sse", "streamable-http"), .number("toolCount"),
        ],
        searchFields: ["name", "description", "provider"], richHints: McpHints.rich,
        traits: [.showsRow])

    private static let connection = "Connection"
    private static let capabilities = "Capabilities"
}
