import CatalogModel
import ReadPath

/// What a path addresses.
///
/// Which methods it knows is part of it; what happens is the handler's.
enum Endpoint: Sendable {
    case live
    case ready
    case metrics
    case interface(InterfaceHandler.Form)
    case console(ConsoleFile)
    case consoleEvents
    case plugins
    case capabilities(plugin: String)
    case namespaces
    case collection(KindTable.Entry)
    case batch(KindTable.Entry)
    case entity(KindTable.Entry, name: String, source: String?)
    case artifacts(KindTable.Entry, model: String, source: String, ArtifactQuery.Scope)
    case filterOptions(KindTable.Entry)
    case labels(KindTable.Entry)
    case modelSources(KindTable.Entry)
    case sourcePreview(KindTable.Entry)
    case refresh(PluginDefinition, source: String?)
    case management(PluginDefinition, ManagementRoute)
    case changes
    case replicaFeed(ReplicaFeedHandler.Part)
    case auditEvents
    case auditEvent(id: String)
    case auditVerify
    case cacheVerify
    case cacheEvict
    case governance(GovernanceRoute)
    case jobs
    case job(id: String)
    case jobCancel(id: String)

    /// The methods that the path answers, as they stand in an `Allow` header.
    var methods: [String] {
        switch self {
        case .live, .ready, .metrics, .interface, .console, .plugins, .capabilities, .namespaces,
            .auditEvents,
            .auditEvent, .auditVerify, .cacheVerify, .jobs, .job, .artifacts, .filterOptions,
            .labels,
            .modelSources:
            ["GET", "HEAD"]
        case .governance(let route): route.methods
        case .collection: ["GET", "HEAD", "POST"]
        case .changes, .consoleEvents: ["GET"]
        case .replicaFeed(let part): [part == .heads ? "POST" : "GET"]
        case .management(_, let route): route.methods
        case .batch, .refresh, .jobCancel, .sourcePreview, .cacheEvict: ["POST"]
        case .entity(_, _, .some): ["GET", "HEAD"]
        case .entity: ["GET", "HEAD", "PUT", "PATCH", "DELETE"]
        }
    }

    /// Whether the answer belongs to one namespace, so that the request has to name one.
    var isNamespaced: Bool {
        switch self {
        case .live, .ready, .metrics, .interface, .console, .namespaces: false
        case .replicaFeed(let part): part != .heads && part != .signals
        default: true
        }
    }

    /// How errors of the path are written.
    var errorShape: ErrorShape {
        switch self {
        case .refresh, .management: .management
        case .governance: .governance
        case .artifacts, .filterOptions, .labels, .modelSources, .sourcePreview: .model
        case .collection(let kind), .batch(let kind), .entity(let kind, _, _):
            switch kind.kind.convention {
            case .model: .model
            case .mcp: .mcp
            default: .plain
            }
        default: .plain
        }
    }
}

/// Finds the endpoint of a path: fixed paths first, then those derived from the plugins.
struct RouteTable: Sendable {
    private struct Branch: Sendable {
        let plugin: PluginDefinition
        /// Kinds by their plural.
        let kinds: [String: KindTable.Entry]
    }

    private let fixed: [String: Endpoint]
    /// Plugins by the segment behind `/api/`.
    private let branches: [String: Branch]
    private let hasJobs: Bool

    init(
        kinds: KindTable, plugins: [PluginDefinition], hasJobs: Bool, hasConsole: Bool = true
    ) {
        self.hasJobs = hasJobs
        var fixed: [String: Endpoint] = [
            "/livez": .live, "/healthz": .live, "/health": .live, "/readyz": .ready,
            "/metrics": .metrics, "/openapi.json": .interface(.document),
            "/docs": .interface(.page), "/api/plugins": .plugins,
            "/api/tenancy/v1alpha1/namespaces": .namespaces,
            "/api/audit/v1alpha1/events": .auditEvents,
            "/api/changes/v1alpha1": .changes,
            "/api/audit/v1alpha1/verify": .auditVerify,
            "/api/cache/v1alpha1/verify": .cacheVerify,
            "/api/cache/v1alpha1/evict": .cacheEvict,
        ]
        for part in ReplicaFeedHandler.Part.allCases {
            fixed["/api/changes/v1alpha1/replica/\(part.rawValue)"] = .replicaFeed(part)
        }
        if hasJobs { fixed["/api/jobs/v1alpha1/refresh"] = .jobs }
        if hasConsole {
            for file in ConsoleFile.allCases { fixed[file.path] = .console(file) }
            fixed["/ui/"] = .console(.page)
            fixed["/ui/events"] = .consoleEvents
        }
        self.fixed = fixed
        var branches: [String: Branch] = [:]
        for plugin in plugins {
            let entries = kinds.entries.filter { $0.plugin.name == plugin.name }
            let segment = plugin.basePath.split(separator: "/")[1]
            branches[String(segment)] = Branch(
                plugin: plugin,
                kinds: Dictionary(uniqueKeysWithValues: entries.map { ($0.kind.plural, $0) }))
        }
        self.branches = branches
    }

    /// The endpoint, or nil for a path that means nothing; throws for a malformed escape.
    func endpoint(of path: Substring) throws(RequestError) -> Endpoint? {
        if let endpoint = fixed[String(path)] { return endpoint }
        let parts = path.split(separator: "/", maxSplits: 3, omittingEmptySubsequences: true)
        guard parts.count >= 3, parts[0] == "api" else { return nil }
        if parts[1] == "plugins" { return try capabilities(parts) }
        guard parts[2] == "v1alpha1", parts.count == 4 else { return nil }
        let rest = parts[3]
        switch parts[1] {
        case "audit": return try record(rest, of: "events").map { .auditEvent(id: $0) }
        case "jobs": return hasJobs ? try job(rest) : nil
        case "governance": return try GovernanceRoute(rest).map { .governance($0) }
        default:
            return try branches[String(parts[1])].map { branch throws(RequestError) in
                try entityRoute(rest, of: branch)
            } ?? nil
        }
    }

    private func capabilities(_ parts: [Substring]) throws(RequestError) -> Endpoint? {
        guard parts.count == 4, parts[3] == "capabilities" else { return nil }
        return .capabilities(plugin: try PercentDecoding.path(parts[2]))
    }

    private func record(_ rest: Substring, of list: Substring) throws(RequestError) -> String? {
        let parts = rest.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2, parts[0] == list, !parts[1].isEmpty, !parts[1].contains("/") else {
            return nil
        }
        return try PercentDecoding.path(parts[1])
    }

    private func job(_ rest: Substring) throws(RequestError) -> Endpoint? {
        guard let id = try record(rest, of: "refresh") else { return nil }
        guard id.hasSuffix(":cancel") else { return .job(id: id) }
        return .jobCancel(id: String(id.dropLast(":cancel".count)))
    }

    private func entityRoute(
        _ rest: Substring, of branch: Branch
    ) throws(RequestError) -> Endpoint? {
        let parts = rest.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        let head = String(parts[0])
        if head == "management" {
            return parts.count == 2 ? try management(parts[1], of: branch) : nil
        }
        if let endpoint = ModelRoutes.endpoint(rest, kinds: branch.kinds.values) {
            return endpoint
        }
        if head == "sources", parts.count == 2 {
            return try sourceRoute(parts[1], of: branch)
        }
        if let kind = branch.kinds[head] {
            guard parts.count == 2, !parts[1].isEmpty else { return .collection(kind) }
            return .entity(kind, name: try PercentDecoding.path(parts[1]), source: nil)
        }
        if parts.count == 1, head.hasSuffix(":batch"),
            let kind = branch.kinds[String(head.dropLast(":batch".count))]
        {
            return .batch(kind)
        }
        return nil
    }

    /// `{source}/{plural}/{name…}`, the address of an entity where the contract names its source.
    private func sourceRoute(
        _ rest: Substring, of branch: Branch
    ) throws(RequestError) -> Endpoint? {
        let parts = rest.split(separator: "/", maxSplits: 2, omittingEmptySubsequences: false)
        guard parts.count == 3, !parts[2].isEmpty, let kind = branch.kinds[String(parts[1])],
            kind.kind.getTemplate.contains("{source_id}")
        else { return nil }
        let source = try PercentDecoding.path(parts[0])
        if let (model, scope) = ModelRoutes.artifacts(parts[2]) {
            let model = try PercentDecoding.path(model)
            return .artifacts(kind, model: model, source: source, scope)
        }
        return .entity(kind, name: try PercentDecoding.path(parts[2]), source: source)
    }

    private func management(
        _ rest: Substring, of branch: Branch
    ) throws(RequestError) -> Endpoint? {
        let parts = rest.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        switch parts[0] {
        case "refresh":
            let source = try parts.count == 2 ? PercentDecoding.path(parts[1]) : nil
            return .refresh(branch.plugin, source: source.flatMap { $0.isEmpty ? nil : $0 })
        default:
            return try ManagementRoute(rest).map { .management(branch.plugin, $0) }
        }
    }
}
