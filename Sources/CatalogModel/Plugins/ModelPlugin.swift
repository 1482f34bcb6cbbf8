/// Models: entries of the model catalog, with artifacts inside their documents.
enum ModelPlugin {
    static let definition = PluginDefinition(
        name: "model", configKey: "models", displayName: "Models", icon: "model",
        description: "Catalog of machine learning models", sourceTypes: ["yaml", "hf"],
        listConvention: .model, hasArtifacts: true, kinds: [catalogModel])

    private static let basePath = PluginDefinition.basePath("model")

    private static let catalogModel = KindDefinition(
        kind: "CatalogModel", plural: "models", displayName: "Model",
        description: "A machine learning model with its artifacts and metrics",
        notFoundNoun: "model", basePath: basePath,
        getTemplate: "\(basePath)/sources/{source_id}/models/{name}", convention: .model,
        icon: "model", actions: ["tag", "annotate", "deprecate", "refresh"],
        fields: [
            .row("id", .id, label: "ID"), .name,
            .row("source_id", .source, label: "Source").known(as: "sourceId"),
            .externalId, .description, .text("readme", "Documentation"), .string("maturity"),
            .strings("language"), .strings("tasks").known(as: "task"), .string("provider"),
            .text("logo", FieldDefinition.metadataSection), .string("license"),
            .string("licenseLink", "Documentation").known(as: "license_link"),
            .string("libraryName").known(as: "library_name"),
            .string("owner", FieldDefinition.metadataSection),
            .string("state", FieldDefinition.metadataSection), .createTime, .updateTime,
            .metadata("customProperties"),
            .objects("artifacts", "Artifacts", keys: ArtifactShape.keys).asHidden(),
        ],
        columns: [
            .column("name", .large), .column("provider"), .column("task"),
            .column("license", .small), .column("source_id"),
        ],
        filterFields: [
            .text("name"), .text("provider"), .text("task"), .text("license"),
            .text("source_id", operators: ["=", "!="]),
        ],
        searchFields: ["name", "description", "provider", "libraryName", "tasks"],
        yamlExtraKeys: ["source"],
        traits: [.showsRow, .keepsDocumentTimes, .readableLicense, .typedProperties])
}
