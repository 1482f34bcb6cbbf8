/// Knowledge sources: documents and stores that agents retrieve from.
enum KnowledgePlugin {
    static let definition = PluginDefinition(
        name: "knowledge", displayName: "Knowledge Sources", icon: "database",
        description: "Catalog of knowledge sources for retrieval", sourceTypes: ["yaml"],
        kinds: [knowledgeSource])

    private static let knowledgeSource = KindDefinition(
        kind: "KnowledgeSource", plural: "knowledgesources", displayName: "Knowledge Source",
        description: "A document collection, vector store or graph store",
        notFoundNoun: "knowledge source", basePath: PluginDefinition.basePath("knowledge"),
        icon: "database",
        fields: FieldDefinition.catalog([
            .string("sourceType"), .string("location", "Connection"), .string("contentType"),
            .string("provider"), .string("status"), .string("indexType", "Statistics"),
            .integer("documentCount", "Statistics"), .integer("vectorDimensions", "Statistics"),
        ]),
        columns: [
            .column("name", .large), .column("sourceType"), .column("provider"),
            .column("status", .small), .column("documentCount", .small),
            .column("contentType", sortable: false),
        ],
        filterFields: [
            .text("name"),
            .select("sourceType", "document", "url", "vector_store", "graph_store"),
            .text("provider"), .select("status", "active", "indexing", "error", "archived"),
        ])
}
