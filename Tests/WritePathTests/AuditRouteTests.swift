import Testing

@testable import WritePath

@Suite("Audit events from method and path")
struct AuditRouteTests {
    struct Row: Sendable, CustomTestStringConvertible {
        let method: String
        let path: String
        let plugin: String?
        let verb: String
        let type: String?
        let ids: [String]

        init(
            _ method: String, _ path: String, _ plugin: String?, _ verb: String, _ type: String?,
            _ ids: String...
        ) {
            self.method = method
            self.path = path
            self.plugin = plugin
            self.verb = verb
            self.type = type
            self.ids = ids
        }

        var testDescription: String { "\(method) \(path)" }
    }

    static let base = "/api/mcp_catalog/v1alpha1"
    static let management = "/api/mcp_catalog/v1alpha1/management"
    static let governance = "/api/governance/v1alpha1"

    static let rows: [Row] = [
        Row("POST", "\(management)/apply-source", "mcp", "apply-source", "apply-source"),
        Row("POST", "\(management)/validate-source", "mcp", "validate-source", "validate-source"),
        Row("POST", "\(management)/refresh", "mcp", "refresh", "refresh"),
        Row("POST", "\(management)/refresh/s1?x=1", "mcp", "refresh", "refresh"),
        Row("POST", "\(management)/sources/s1/enable", "mcp", "enable-source", "sources", "s1"),
        Row("DELETE", "\(management)/sources/s1", "mcp", "delete", "sources", "s1"),
        Row("DELETE", "\(management)/sources/enable", "mcp", "delete", "sources", "enable"),
        Row("DELETE", "\(management)/sources/refresh", "mcp", "delete", "sources", "refresh"),
        Row("POST", "\(management)/sources/s1:action", "mcp", "execute-action", "sources", "s1"),
        Row("POST", "\(management)/sources/s1:validate", "mcp", "validate", "sources", "s1"),
        Row("POST", "\(management)/sources/s1:rollback", "mcp", "rollback", "sources", "s1"),
        Row("POST", "\(management)/entities/a:action", "mcp", "execute-action", "entities", "a"),
        Row(
            "POST", "\(management)/entities/acme/x%20y:action", "mcp", "execute-action",
            "entities", "acme/x y"),
        Row("PUT", "\(management)/entities/a%2Fb", "mcp", "update", "entities", "a/b"),
        Row("PATCH", "\(management)/entities/refresh", "mcp", "patch", "entities", "refresh"),
        Row("DELETE", "\(management)/entities/a:b", "mcp", "delete", "entities", "a:b"),
        Row("POST", "\(management)/entities:batch", "mcp", "create", "entities"),
        Row("POST", "\(base)/mcpservers", "mcp", "create", nil),
        Row("POST", "/api/jobs/v1alpha1/refresh/j1:cancel", "jobs", "cancel-job", "refresh"),
        Row(
            "POST", "\(governance)/approvals/p1/decisions", "governance", "create", "approvals",
            "p1"),
        Row("PATCH", "\(governance)/assets/mcp/McpServer/x", "governance", "patch", "assets"),
        Row("PUT", "\(governance)/policies/p", "governance", "update", "policies"),
        Row("POST", "/api/cache/v1alpha1/evict", nil, "evict", "cache"),
        Row("POST", "/api/cache/v1alpha1/evict?namespace=a", nil, "evict", "cache"),
        Row("PUT", "\(base)/mcpservers/cache", "mcp", "update", nil),
        Row("POST", "/api", nil, "create", nil),
        Row("POST", "", nil, "create", nil),
        Row("PUT", "//:action", nil, "execute-action", nil),
    ]

    @Test(arguments: rows) func isReadOffThePath(row: Row) {
        let route = AuditRoute(method: row.method, path: row.path)
        #expect(route.plugin == row.plugin)
        #expect(route.actionVerb == row.verb)
        #expect(route.resourceType == row.type)
        #expect(route.resourceIDs == row.ids)
    }
}
