import CatalogModel
import TestSupport

/// A server with the sample catalogs and what tests put beside them.
enum ConsoleSite {
    /// The role of somebody who may change things.
    static let asOperator = ["X-User-Role": "operator", "X-Remote-User": "alice"]
    /// A name and texts that do something if they are taken for markup.
    static let hostile = "<img src=x onerror=\"window.hit=1\">"
    private static let hostileText =
        "<script>window.hit=2</script><b id=bold>'\"</b> ${window.hit=3}"
    static let agents = "/api/agents_catalog/v1alpha1/agents"

    private static let starting = Task {
        let server = try await ServerProcess.ready()
        let made = try await server.client.post(
            agents, headers: asOperator,
            json: [
                "name": .string(hostile), "description": .string(hostileText),
                "category": .string(hostile), "agentType": "router",
            ])
        guard made.status == 201 else { throw BrowserFailure(made.text) }
        return server
    }

    /// The server that tests share.
    static func server() async throws -> ServerProcess { try await starting.value }

    /// Runs SQL in the server's database.
    @discardableResult
    static func sql(_ text: String, on server: ServerProcess) async throws -> String {
        let part = server.dsn.split(separator: " ").first { $0.hasPrefix("dbname=") }
        return try await PostgresCluster.shared().sql(
            text, database: String(part?.dropFirst("dbname=".count) ?? ""))
    }
}
