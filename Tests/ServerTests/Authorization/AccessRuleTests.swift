import CatalogModel
import Foundation
import ReadPath
import TestSupport
import Testing

@testable import Server

/// The table of the contract (section 2.4) against the routes of the server.
@Suite struct `What each request needs` {
    private static let routes = RouteTable(
        kinds: KindTable(plugins: Plugins.all), plugins: Plugins.all, hasJobs: true)

    private static let mcp = "/api/mcp_catalog/v1alpha1"
    private static let model = "/api/model_catalog/v1alpha1"
    private static let governance = "/api/governance/v1alpha1"

    /// Method, path, and what stands in the table: `resource/verb`, several with a blank between.
    static let rows: [(String, String, String)] = [
        ("GET", "/livez", "open"), ("GET", "/healthz", "open"), ("GET", "/readyz", "open"),
        ("GET", "/metrics", "open"), ("POST", "/livez", "open"),
        ("GET", "/api/tenancy/v1alpha1/namespaces", "authenticated"),
        ("POST", "/api/tenancy/v1alpha1/namespaces", "unknown"),
        ("GET", "/api/plugins", "plugins/list"), ("HEAD", "/api/plugins", "plugins/list"),
        ("POST", "/api/plugins", "unknown"),
        ("GET", "/api/plugins/mcp/capabilities", "capabilities/get"),
        ("DELETE", "/api/plugins/mcp/capabilities", "unknown"),
        ("GET", "\(mcp)/mcpservers", "assets/list"), ("HEAD", "\(mcp)/mcpservers", "assets/list"),
        ("POST", "\(mcp)/mcpservers", "assets/create"),
        ("DELETE", "\(mcp)/mcpservers", "assets/delete"),
        ("OPTIONS", "\(mcp)/mcpservers", "unknown"),
        ("POST", "\(mcp)/mcpservers:batch", "assets/create assets/update"),
        ("GET", "\(mcp)/mcpservers:batch", "unknown"),
        ("GET", "\(mcp)/mcpservers/a/b", "assets/get"),
        ("HEAD", "\(mcp)/mcpservers/a", "assets/get"),
        ("PUT", "\(mcp)/mcpservers/a", "assets/update"),
        ("PATCH", "\(mcp)/mcpservers/a", "assets/update"),
        ("DELETE", "\(mcp)/mcpservers/a", "assets/delete"),
        ("GET", "\(model)/sources/s/models/a/b", "assets/get"),
        ("GET", "\(model)/sources/s/models/a/b/artifacts", "assets/get"),
        ("HEAD", "\(model)/sources/s/models/a/b/artifacts/performance", "assets/get"),
        ("DELETE", "\(model)/sources/s/models/a/artifacts", "unknown"),
        ("GET", "\(model)/sources/s/models/a%2Fartifacts", "assets/get"),
        ("GET", "\(model)/models/filter_options", "assets/list"),
        ("PUT", "\(model)/models/filter_options", "unknown"),
        ("PUT", "\(model)/models/filter%5Foptions", "assets/update"),
        ("GET", "\(model)/labels", "assets/list"), ("GET", "\(model)/sources", "assets/list"),
        ("POST", "\(model)/sources", "unknown"),
        ("POST", "\(model)/sources/preview", "catalogsources/create"),
        ("GET", "\(model)/sources/preview", "unknown"),
        ("GET", "/api/audit/v1alpha1/verify", "audit/list"),
        ("GET", "/api/cache/v1alpha1/verify", "catalogsources/get"),
        ("POST", "/api/cache/v1alpha1/verify", "unknown"),
        ("POST", "/api/cache/v1alpha1/evict", "catalogsources/delete"),
        ("GET", "/api/cache/v1alpha1/evict", "unknown"),
        ("GET", "/api/changes/v1alpha1", "assets/list assets/get"),
        // Names that look like other routes are names.
        ("GET", "\(mcp)/mcpservers/management/sources", "assets/get"),
        ("DELETE", "\(mcp)/mcpservers/x:action", "assets/delete"),
        ("POST", "\(mcp)/management/refresh", "jobs/create"),
        ("POST", "\(mcp)/management/refresh/s", "jobs/create"),
        ("GET", "\(mcp)/management/refresh", "catalogsources/get"),
        ("DELETE", "\(mcp)/management/refresh", "catalogsources/delete"),
        ("PUT", "\(mcp)/management/refresh", "unknown"),
        ("GET", "/api/changes/v1alpha1", "assets/list assets/get"),
        ("GET", "/api/audit/v1alpha1/verify", "audit/list"),
        ("GET", "\(mcp)/management/sources", "catalogsources/list"),
        ("POST", "\(mcp)/management/validate-source", "catalogsources/update"),
        ("POST", "\(mcp)/management/apply-source", "catalogsources/create"),
        ("POST", "\(mcp)/management/sources/s/enable", "catalogsources/update"),
        ("DELETE", "\(mcp)/management/sources/s", "catalogsources/delete"),
        ("POST", "\(mcp)/management/sources/s:validate", "catalogsources/update"),
        ("GET", "\(mcp)/management/sources/s/revisions", "catalogsources/get"),
        ("POST", "\(mcp)/management/sources/s:rollback", "catalogsources/update"),
        ("GET", "\(mcp)/management/diagnostics", "catalogsources/get"),
        ("GET", "\(mcp)/management/actions/source", "actions/list"),
        ("HEAD", "\(mcp)/management/actions/asset", "actions/list"),
        ("POST", "\(mcp)/management/sources/s:action", "actions/execute"),
        ("POST", "\(mcp)/management/entities/a/b:action", "actions/execute"),
        ("GET", "\(mcp)/management/entities/a/b", "assets/get"),
        ("PATCH", "\(mcp)/management/sources", "unknown"),
        ("GET", "/api/audit/v1alpha1/events", "audit/list"),
        ("GET", "/api/audit/v1alpha1/events/x", "audit/get"),
        ("POST", "/api/audit/v1alpha1/events", "audit/get"),
        ("GET", "/api/audit/v1alpha1/verify", "audit/list"),
        ("GET", "/api/changes/v1alpha1", "assets/list assets/get"),
        ("POST", "/api/changes/v1alpha1", "unknown"),
        (
            "GET", "/api/changes/v1alpha1/replica/range",
            "assets/list assets/get catalogsources/delete"
        ),
        ("GET", "\(governance)/assets/mcp/mcpserver/x", "approvals/list"),
        ("HEAD", "\(governance)/assets/mcp/mcpserver/x/history", "approvals/list"),
        ("PATCH", "\(governance)/assets/mcp/mcpserver/x", "approvals/update"),
        ("DELETE", "\(governance)/assets/mcp/mcpserver/x", "approvals/get"),
        ("POST", "\(governance)/assets/mcp/mcpserver/x/actions/a", "approvals/approve"),
        ("POST", "\(governance)/assets/mcp/mcpserver/x/versions", "approvals/approve"),
        ("PUT", "\(governance)/assets/mcp/mcpserver/x/bindings/dev", "approvals/update"),
        ("GET", "\(governance)/approvals", "approvals/list"),
        ("GET", "\(governance)/approvals/1", "approvals/list"),
        ("POST", "\(governance)/approvals/1/decisions", "approvals/approve"),
        ("POST", "\(governance)/approvals/1/cancel", "approvals/approve"),
        ("GET", "\(governance)/policies", "approvals/list"),
        ("GET", "/openapi.json", "open"), ("GET", "/docs", "open"),
        ("GET", "/ui", "open"), ("GET", "/ui/console.js", "open"),
        ("GET", "/ui/events", "authenticated"), ("POST", "/ui/events", "unknown"),
        ("GET", "/api/jobs/v1alpha1/refresh", "jobs/list"),
        ("GET", "/api/jobs/v1alpha1/refresh/x", "jobs/get"),
        ("POST", "/api/jobs/v1alpha1/refresh/x:cancel", "jobs/create"),
        ("DELETE", "/api/jobs/v1alpha1/refresh/x", "unknown"),
    ]

    @Test(arguments: rows)
    func `a row of the table`(method: String, path: String, expected: String) throws {
        let endpoint = try #require(try Self.routes.endpoint(of: Substring(path)), "\(path)")
        #expect(Self.text(endpoint.accessRule(method: method)) == expected, "\(method) \(path)")
    }

    @Test func `every endpoint has a row`() throws {
        let covered = try Set(
            Self.rows.compactMap { row in
                try Self.routes.endpoint(of: Substring(row.1)).map(Self.name)
            })
        let all = try Self.endpointNames()
        #expect(all.count > 10)
        #expect(all.subtracting(covered).isEmpty, "no row in the table above")
    }

    @Test func `nothing but health, metrics, interface and page is open, whatever the method`()
        throws
    {
        let methods = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "X"]
        for (_, path, _) in Self.rows {
            let endpoint = try #require(try Self.routes.endpoint(of: Substring(path)))
            for method in methods where endpoint.accessRule(method: method) == .open {
                #expect(
                    [
                        "/livez", "/healthz", "/readyz", "/metrics", "/openapi.json", "/docs",
                        "/ui", "/ui/console.js",
                    ].contains(path))
            }
        }
    }

    private static func text(_ rule: AccessRule) -> String {
        switch rule {
        case .open: "open"
        case .authenticated: "authenticated"
        case .unknown: "unknown"
        case .all(let actions): actions.map(\.description).joined(separator: " ")
        }
    }

    private static func name(_ endpoint: Endpoint) -> String {
        String("\(endpoint)".prefix { $0 != "(" })
    }

    /// The names of the cases, as they stand in the source.
    private static func endpointNames() throws -> Set<String> {
        let path = "\(ServerFiles.repository)/Sources/Server/HTTP/Endpoint.swift"
        let source = try String(contentsOfFile: path, encoding: .utf8)
        let body = try #require(source.components(separatedBy: "enum Endpoint").dropFirst().first)
        let cases = body.components(separatedBy: "\n\n").first ?? ""
        return Set(cases.matches(of: /\n    case (\w+)/).map { String($0.1) })
    }
}
