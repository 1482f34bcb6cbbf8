import CatalogModel
import TestSupport
import Testing

/// What a tenant has that nobody else may see, and what an attacker may know of it all the same.
struct Victim: Sendable {
    /// In every text that belongs to the tenant.
    let marker: String
    let namespace: String
    var tags: [String] = []
    var tokens: [String] = []
    var events: [String] = []
    var jobs: [String] = []
}

/// One random request to a route of the server, with what an attacker knows of the victim.
struct IsolationRequest: Sendable {
    let method: String
    let path: String
    let parameters: [(String, String)]
    let headers: [String: String]
    let body: [UInt8]?

    init(_ victim: Victim, own: String, _ random: inout some RandomNumberGenerator) {
        let catalog = Catalog.all.randomElement(using: &random) ?? Catalog.agents
        let name = ["shared", "only-theirs", "a/b", "new", "*"].randomElement(using: &random) ?? ""
        let event = victim.events.randomElement(using: &random) ?? "x"
        let job = victim.jobs.randomElement(using: &random) ?? "x"
        let paths = [
            catalog.list, catalog.list, "\(catalog.list)/\(name)", "\(catalog.list)/\(name)",
            "\(catalog.list):batch", "\(catalog.base)/sources/api/\(catalog.plural)/\(name)",
            "\(catalog.base)/sources", "\(catalog.base)/management/sources",
            "\(catalog.base)/management/entities/\(name)", "\(catalog.base)/management/diagnostics",
            "\(catalog.base)/management/refresh", "/api/audit/v1alpha1/events",
            "/api/audit/v1alpha1/events/\(event)", "/api/jobs/v1alpha1/refresh",
            "/api/jobs/v1alpha1/refresh/\(job)", "/api/jobs/v1alpha1/refresh/\(job):cancel",
            "/api/plugins", "/api/plugins/\(catalog.plugin)/capabilities",
        ]
        path = paths.randomElement(using: &random) ?? catalog.list
        let methods = ["GET", "GET", "GET", "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"]
        let method = methods.randomElement(using: &random) ?? "GET"
        self.method = method
        let known: [(String, String)] = [
            ("pageSize", "1000"), ("pageSize", "1"), ("source", "api"), ("q", victim.marker),
            ("filterQuery", "name = 'only-theirs'"), ("filterQuery", "name LIKE '%'"),
            ("orderBy", "name"), ("actor", "alice"), ("plugin", catalog.plugin),
            ("explain", "cache"),
            (catalog.tokenParameter, victim.tokens.randomElement(using: &random) ?? ""),
            ("pageToken", victim.tokens.randomElement(using: &random) ?? ""),
        ]
        parameters = (0..<Int.random(in: 0...3, using: &random)).compactMap { _ in
            known.randomElement(using: &random)
        }
        let tag = victim.tags.randomElement(using: &random) ?? "*"
        let more = [
            ("If-None-Match", tag), ("If-Match", tag), ("Cache-Control", "no-cache"),
            ("X-Catalog-Consistency", "strong"), ("Idempotency-Key", "victims-key"),
        ]
        headers =
            Bool.random(using: &random)
            ? [:]
            : [more].compactMap { $0.randomElement(using: &random) }
                .reduce(into: [:]) { $0[$1.0] = $1.1 }
        var document: JSONObject = ["name": .string(name), "description": .string(own)]
        if catalog.convention == .mcp { document["deploymentMode"] = "local" }
        let json: JSONValue =
            path.hasSuffix(":batch") ? ["items": [.object(document)]] : .object(document)
        body = ["POST", "PUT", "PATCH"].contains(method) ? json.encoded : nil
    }

    /// The target with further parameters.
    func target(_ more: [(String, String)] = []) -> String {
        let all = parameters + more
        guard !all.isEmpty else { return path }
        return "\(path)?\(all.map { "\(encoded($0.0))=\(encoded($0.1))" }.joined(separator: "&"))"
    }
}
