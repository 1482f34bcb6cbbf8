import CatalogModel

/// What a request's method and path say about the action, as audit events record it.
package struct AuditRoute: Sendable, Hashable {
    package let plugin: String?
    package let actionVerb: String
    package let resourceType: String?
    package let resourceIDs: [String]

    private static let resourceTypes: Set<Substring> = [
        "sources", "entities", "actions", "refresh", "diagnostics", "apply-source",
        "validate-source", "revisions", "approvals", "assets", "bindings", "versions", "policies",
    ]
    private static let suffixVerbs: [Substring: String] = [
        "action": "execute-action", "validate": "validate", "rollback": "rollback",
        "cancel": "cancel-job",
    ]
    private static let segmentVerbs: [Substring: String] = [
        "apply-source": "apply-source", "validate-source": "validate-source",
        "refresh": "refresh", "enable": "enable-source",
    ]
    private static let methodVerbs = [
        "POST": "create", "PUT": "update", "PATCH": "patch", "DELETE": "delete",
    ]

    /// Reads a path as it was sent, percent-encoding included; a query is ignored.
    package init(method: String, path: String) {
        let bare = path.prefix { $0 != "?" }
        var segments = bare.split(separator: "/", omittingEmptySubsequences: true)
        var suffix: Substring?
        if let last = segments.last, let colon = last.lastIndex(of: ":") {
            let verb = last[last.index(after: colon)...]
            if Self.suffixVerbs[verb] != nil || verb == "batch" {
                suffix = verb
                segments[segments.count - 1] = last[..<colon]
            }
        }
        if segments.count == 4, segments.starts(with: ["api", "cache"]) {
            // What an operator does with a cache; nothing of it names an entity.
            plugin = nil
            resourceType = "cache"
            resourceIDs = []
            actionVerb = String(segments[3])
            return
        }
        let start = segments.firstIndex { Self.resourceTypes.contains($0) }
        plugin = segments.count > 1 ? Self.pluginName(segments[1]) : nil
        resourceType = start.map { String(segments[$0]) }
        let rest = start.map { segments[($0 + 1)...] } ?? []
        resourceIDs = Self.resourceIDs(of: resourceType, rest)
        actionVerb = Self.verb(method, suffix, resourceType, rest)
    }

    /// Nil for what is too long for a name: any path can be recorded, and plugins are indexed.
    private static func pluginName(_ segment: Substring) -> String? {
        guard segment.utf8.count <= WriteLimits.assetPartBytes else { return nil }
        let ending = "_catalog"
        return String(segment.hasSuffix(ending) ? segment.dropLast(ending.count) : segment)
    }

    private static func resourceIDs(
        of type: String?, _ rest: ArraySlice<Substring>
    ) -> [String] {
        switch type {
        case "entities":
            // A name may hold slashes: it is everything that is left.
            let name = rest.map(decoded).joined(separator: "/")
            return name.isEmpty ? [] : [name]
        case "sources", "approvals":
            return rest.first.map { [decoded($0)] } ?? []
        default:
            return []
        }
    }

    /// The words of the path that name an action count where the contract puts them, so that an
    /// entity or a source with such a name is not mistaken for one.
    private static func verb(
        _ method: String, _ suffix: Substring?, _ type: String?, _ rest: ArraySlice<Substring>
    ) -> String {
        if let suffix, let verb = suffixVerbs[suffix] { return verb }
        if let type, type != "sources", let verb = segmentVerbs[Substring(type)] { return verb }
        if type == "sources", rest.count == 2, let last = rest.last,
            let verb = segmentVerbs[last]
        {
            return verb
        }
        return methodVerbs[method.uppercased()] ?? method.lowercased()
    }

    private static func decoded(_ segment: Substring) -> String {
        (try? PercentDecoding.path(segment)) ?? String(segment)
    }
}
