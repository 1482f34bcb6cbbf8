import CatalogModel
import ReadPath

/// What a path below `{base}/management/` addresses, apart from `refresh`.
enum ManagementRoute: Hashable, Sendable {
    case sources
    case validateSource
    case applySource
    case source(String)
    case enable(String)
    case validate(String)
    case revisions(String)
    case rollback(String)
    case sourceAction(String)
    case diagnostics
    case actions(ActionDefinition.Scope)
    case entity(String)
    case entityAction(String)

    /// Reads the rest of a path; nil for one that means nothing, throws for a malformed escape.
    init?(_ rest: Substring) throws(RequestError) {
        let parts = rest.split(separator: "/", omittingEmptySubsequences: false)
        let tail = rest.dropFirst(parts[0].count + 1)
        switch (parts[0], parts.count) {
        case ("sources", 1): self = .sources
        case ("validate-source", 1): self = .validateSource
        case ("apply-source", 1): self = .applySource
        case ("diagnostics", 1): self = .diagnostics
        case ("actions", 2):
            guard let scope = ActionDefinition.Scope(rawValue: String(parts[1])) else { return nil }
            self = .actions(scope)
        case ("sources", 2...):
            guard let route = try Self.source(parts.dropFirst()) else { return nil }
            self = route
        case ("entities", 2...):
            guard !tail.isEmpty else { return nil }
            let name = try PercentDecoding.path(tail)
            if let bare = Self.dropping(":action", from: name) {
                self = .entityAction(bare)
            } else {
                self = .entity(name)
            }
        default: return nil
        }
    }

    private static func source(
        _ parts: ArraySlice<Substring>
    ) throws(RequestError) -> ManagementRoute? {
        guard let first = parts.first, !first.isEmpty else { return nil }
        let id = try PercentDecoding.path(first)
        if parts.count == 2 {
            switch parts.last {
            case "enable"?: return .enable(id)
            case "revisions"?: return .revisions(id)
            default: return nil
            }
        }
        guard parts.count == 1 else { return nil }
        if let bare = dropping(":validate", from: id) { return .validate(bare) }
        if let bare = dropping(":rollback", from: id) { return .rollback(bare) }
        if let bare = dropping(":action", from: id) { return .sourceAction(bare) }
        return .source(id)
    }

    private static func dropping(_ suffix: String, from text: String) -> String? {
        guard text.hasSuffix(suffix), text.count > suffix.count else { return nil }
        return String(text.dropLast(suffix.count))
    }

    /// The methods that the path answers, as they stand in an `Allow` header.
    var methods: [String] {
        switch self {
        case .sources, .revisions, .diagnostics, .actions, .entity: ["GET", "HEAD"]
        case .source: ["DELETE"]
        case .validateSource, .applySource, .enable, .validate, .rollback, .sourceAction,
            .entityAction:
            ["POST"]
        }
    }

    /// The rows of `*/management/*` in the contract's table (section 2.4).
    func accessRule(method: String) -> AccessRule {
        switch (self, method) {
        case (.sourceAction, "POST"), (.entityAction, "POST"): .action(.actions, .execute)
        case (.validate, "POST"), (.rollback, "POST"): .action(.catalogsources, .update)
        case (.sources, "GET"), (.sources, "HEAD"): .action(.catalogsources, .list)
        case (.actions, "GET"), (.actions, "HEAD"): .action(.actions, .list)
        case (.entity, "GET"), (.entity, "HEAD"), (.entityAction, "GET"), (.entityAction, "HEAD"):
            .action(.assets, .get)
        case (_, "GET"), (_, "HEAD"): .action(.catalogsources, .get)
        case (.validateSource, "POST"), (.enable, "POST"): .action(.catalogsources, .update)
        case (_, "POST"): .action(.catalogsources, .create)
        case (_, "DELETE"): .action(.catalogsources, .delete)
        default: .unknown
        }
    }
}
