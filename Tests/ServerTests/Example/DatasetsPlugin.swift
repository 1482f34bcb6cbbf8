@testable import CatalogModel

/// Datasets: what models were trained and measured on.
enum DatasetsPlugin {
    static let definition = PluginDefinition(
        name: "datasets", displayName: "Datasets", icon: "table",
        description: "Catalog of datasets that models were trained and measured on",
        sourceTypes: ["yaml"], kinds: [dataset])

    private static let dataset = KindDefinition(
        kind: "Dataset", plural: "datasets", displayName: "Dataset",
        description: "A set of data with its license, size and place",
        notFoundNoun: "dataset", basePath: PluginDefinition.basePath("datasets"), icon: "table",
        fields: FieldDefinition.catalog([
            .string("format").allowing(["parquet", "csv", "jsonl"]),
            .string("license"), .strings("languages"), .integer("rows", "Size"),
            .nested("region", path: ["storage", "region"], "Storage"),
            .object("storage", "Storage", keys: storage),
        ]),
        columns: [
            .column("name", .large), .column("format", .small), .column("rows", .small),
            .column("license"), .column("region"),
        ],
        filterFields: [
            .text("name"), .select("format", "parquet", "csv", "jsonl"), .number("rows"),
        ])

    private static let storage = NestedKey.strings("uri", "region")
}
