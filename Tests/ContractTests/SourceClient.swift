import CatalogModel
import TestSupport
import Testing

/// Short ways to manage the sources of one plugin in a tenant's namespace.
struct SourceClient: Sendable {
    let tenant: Tenant
    let catalog: Catalog

    init(_ tenant: Tenant, _ catalog: Catalog) {
        self.tenant = tenant
        self.catalog = catalog
    }

    var base: String { "\(catalog.base)/management" }

    func post(_ path: String, _ body: JSONValue) async throws -> HTTPResponse {
        try await tenant.post("\(base)/\(path)", body)
    }

    /// A source of type `yaml` that holds entities of these names.
    func input(_ id: String, _ names: [String]) -> JSONObject {
        let entities = names.map { name -> JSONValue in
            var entity: JSONObject = ["name": .string(name)]
            if catalog.plugin == "mcp" { entity["deploymentMode"] = "local" }
            return .object(entity)
        }
        let content = JSONValue.object([catalog.plural: .array(entities)])
        return [
            "id": .string(id), "name": .string(id.uppercased()), "type": "yaml",
            "labels": ["L"], "properties": ["content": .string(content.encodedText)],
            "refreshAfterApply": true,
        ]
    }

    /// Applies a source and returns what is shown of it.
    func apply(_ id: String, _ names: [String], refresh: Bool = true) async throws -> JSONValue {
        var input = input(id, names)
        input["refreshAfterApply"] = .bool(refresh)
        let response = try await post("apply-source", .object(input))
        try #require(response.status == 200, "\(response.text)")
        return try response.json()
    }

    func list() async throws -> [JSONValue] {
        let response = try await tenant.get("\(base)/sources")
        try #require(response.status == 200)
        let sources = try #require(try response.body("sources")?.arrayValue)
        #expect(try response.body("count")?.intValue == Int64(sources.count))
        return sources
    }

    func revisions(_ id: String) async throws -> [JSONValue] {
        let response = try await tenant.get("\(base)/sources/\(id)/revisions")
        try #require(response.status == 200, "\(response.text)")
        let revisions = try #require(try response.body("revisions")?.arrayValue)
        #expect(try response.body("count")?.intValue == Int64(revisions.count))
        return revisions
    }

    /// The names of all entities of the plugin in the namespace, sorted.
    func names() async throws -> [String] {
        try await tenant.get("\(catalog.list)?pageSize=100").names().sorted()
    }
}

/// Looks into the database of a tenant's server.
enum TenantDatabase {
    /// The first column of a query's answer.
    static func texts(_ sql: String, of tenant: Tenant) async throws -> [String] {
        let dsn = tenant.server.dsn
        guard StoreUnderTest.isPostgres else {
            let run = try await ProgramRun(
                "/usr/bin/sqlite3",
                [String(dsn.dropFirst("sqlite:".count)), sql.replacing("::text", with: "")],
                environment: ServerFiles.plainEnvironment)
            try #require(run.status == 0, "\(run.errors)")
            return run.output.split(separator: "\n").map(String.init)
        }
        let output = try await PostgresCluster.shared().tool(
            "psql", ["-XqAt", "-v", "ON_ERROR_STOP=1", "-c", sql, dsn])
        return output.split(separator: "\n").map(String.init)
    }
}
