/// Guardrails: checks on what goes into and comes out of models.
enum GuardrailsPlugin {
    static let definition = PluginDefinition(
        name: "guardrails", displayName: "Guardrails", icon: "shield",
        description: "Catalog of guardrails that check model input and output",
        sourceTypes: ["yaml"], kinds: [guardrail])

    private static let guardrail = KindDefinition(
        kind: "Guardrail", plural: "guardrails", displayName: "Guardrail",
        description: "A check that is applied at one stage of a model call",
        notFoundNoun: "guardrail", basePath: PluginDefinition.basePath("guardrails"),
        icon: "shield",
        fields: FieldDefinition.catalog([
            .string("guardrailType"), .string("enforcementStage", "Enforcement"),
            .string("enforcementMode", "Enforcement"), .string("version"), .string("author"),
            .string("license"), .strings("riskCategories", "Coverage"),
            .strings("modalities", "Coverage"), .object("configRef", "Configuration"),
        ]),
        columns: [
            .column("name", .large), .column("guardrailType"), .column("enforcementStage"),
            .column("enforcementMode", .small), .column("riskCategories", sortable: false),
        ],
        filterFields: [
            .text("name"),
            .select(
                "guardrailType", "nemo_guardrails", "guardrails_ai", "regex_rules",
                "content_filter", "moderation_profile"),
            .select(
                "enforcementStage", "pre_prompt", "post_generation", "tool_use", "retrieval",
                "output_format"),
            .select("enforcementMode", "advisory", "required"),
        ])
}
