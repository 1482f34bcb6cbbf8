import CatalogModel

/// The description of the HTTP interface (OpenAPI 3.1), made from the plugins' definitions.
///
/// Built once at start.
struct APIDocument: Sendable {
    let operations: [APIOperation]
    /// The document as JSON, ended by a newline.
    let json: [UInt8]
    /// The document as a page for people, without anything from elsewhere.
    let page: [UInt8]

    init(
        plugins: [PluginDefinition], hasJobs: Bool, hasConsole: Bool = true, version: String
    ) {
        let operations =
            APIOperation.services(hasJobs: hasJobs) + (hasConsole ? APIOperation.console : [])
            + APIOperation.governance
            + plugins.flatMap { APIOperation.entities(of: $0) + APIOperation.management(of: $0) }
        self.operations = operations
        let schemas = APISchemas.all(of: plugins)
        json =
            Self.document(operations, schemas, plugins, version).encoded + [UInt8(ascii: "\n")]
        page = Array(APIPage.html(operations, schemas, version).utf8)
    }

    private static func document(
        _ operations: [APIOperation], _ schemas: JSONObject, _ plugins: [PluginDefinition],
        _ version: String
    ) -> JSONValue {
        var paths = JSONObject()
        for operation in operations {
            var item = paths[operation.path]?.objectValue ?? JSONObject()
            item[operation.method.lowercased()] = operation.json
            paths[operation.path] = .object(item)
        }
        return [
            "openapi": "3.1.0",
            "info": [
                "title": "catalog-server", "version": .string(version),
                "description": .string(
                    "Catalogs of organisations, read from a cache that follows Postgres. Each "
                        + "path that answers GET answers HEAD as well."),
            ],
            "tags": .array(
                plugins.map { ["name": .string($0.name), "description": .string($0.description)] }),
            "paths": .object(paths),
            "components": ["schemas": .object(schemas)],
        ]
    }
}
