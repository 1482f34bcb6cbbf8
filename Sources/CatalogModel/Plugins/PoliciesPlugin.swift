/// Policies: rules that say what agents and models may do.
enum PoliciesPlugin {
    static let definition = PluginDefinition(
        name: "policies", displayName: "Policies", icon: "gavel",
        description: "Catalog of policies for agents, models and data", sourceTypes: ["yaml"],
        kinds: [policy])

    private static let policy = KindDefinition(
        kind: "Policy", plural: "policies", displayName: "Policy",
        description: "A rule bundle with its scope and mode of enforcement",
        notFoundNoun: "policy", basePath: PluginDefinition.basePath("policies"), icon: "gavel",
        fields: FieldDefinition.catalog([
            .string("policyType"), .string("language"), .string("bundleRef", "Bundle"),
            .string("entrypoint", "Bundle"), .string("enforcementScope", "Enforcement"),
            .string("enforcementMode", "Enforcement"), .string("version"), .string("author"),
            .string("license"), .object("inputSchema", "Schemas"),
        ]),
        columns: [
            .column("name", .large), .column("policyType"), .column("language", .small),
            .column("enforcementScope"), .column("enforcementMode", .small),
        ],
        filterFields: [
            .select(
                "policyType", "access_control", "data_governance", "safety", "tool_allowlist",
                "model_allowlist", "compliance"),
            .select("language", "rego", "yaml_rules", "json_rules", "cel"),
            .select("enforcementScope", "agent", "organization", "namespace", "project"),
        ])
}
