/// Prompt templates: reusable prompts with their parameters.
enum PromptsPlugin {
    static let definition = PluginDefinition(
        name: "prompts", displayName: "Prompt Templates", icon: "file-code",
        description: "Catalog of reusable prompt templates", sourceTypes: ["yaml"],
        kinds: [promptTemplate])

    private static let promptTemplate = KindDefinition(
        kind: "PromptTemplate", plural: "prompttemplates", displayName: "Prompt Template",
        description: "A prompt with parameters, constraints and examples",
        notFoundNoun: "prompt template", basePath: PluginDefinition.basePath("prompts"),
        icon: "file-code",
        fields: FieldDefinition.catalog([
            .string("format"), .text("template", "Template"), .string("version"),
            .string("author"), .string("license"), .strings("taskTags"),
            .object("parametersSchema", "Schemas"), .object("outputSchema", "Schemas"),
            .object("modelConstraints", "Constraints", keys: constraints),
            .objects("examples", "Examples", keys: example),
        ]),
        columns: [
            .column("name", .large), .column("format"), .column("version", .small),
            .column("author"), .column("taskTags", sortable: false),
        ],
        filterFields: [
            .text("name"),
            .select("format", "chat_messages", "completion", "jinja2", "handlebars", "raw"),
            .text("taskTags"), .text("author"),
        ])

    private static let constraints = [
        NestedKey("compatibleModelFamilies", .stringArray), NestedKey("minContextTokens", .integer),
        NestedKey("maxOutputTokens", .integer),
    ]

    private static let example = [
        NestedKey("inputs", .object), NestedKey("expectedOutput", .any),
        NestedKey("notes", .string),
    ]
}
