import CatalogModel
import WritePath

/// What a path below `/api/governance/v1alpha1/` addresses (contract, section 1.9).
enum GovernanceRoute: Sendable {
    case asset(AssetReference)
    case history(AssetReference)
    case action(AssetReference, name: String)
    case versions(AssetReference)
    case bindings(AssetReference)
    case binding(AssetReference, environment: String)
    case approvals
    case approval(id: String)
    case decisions(id: String)
    case cancel(id: String)
    case policies

    /// Reads what follows the version; nil for a path that means nothing.
    ///
    /// A slash within a name is `%2F`. Throws `.badRequest` for a malformed escape or name.
    init?(_ rest: Substring) throws(RequestError) {
        let parts = rest.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.allSatisfy({ !$0.isEmpty }) else { return nil }
        switch (parts[0], parts.count) {
        case ("policies", 1): self = .policies
        case ("approvals", 1): self = .approvals
        case ("approvals", 2): self = .approval(id: try PercentDecoding.path(parts[1]))
        case ("approvals", 3) where parts[2] == "decisions":
            self = .decisions(id: try PercentDecoding.path(parts[1]))
        case ("approvals", 3) where parts[2] == "cancel":
            self = .cancel(id: try PercentDecoding.path(parts[1]))
        case ("assets", 4...6):
            let asset = try AssetReference(
                plugin: PercentDecoding.path(parts[1]), kind: PercentDecoding.path(parts[2]),
                name: PercentDecoding.path(parts[3]))
            let last = try PercentDecoding.path(parts[parts.count - 1])
            switch (parts.count, parts.count > 4 ? parts[4] : "") {
            case (4, _): self = .asset(asset)
            case (5, "history"): self = .history(asset)
            case (5, "versions"): self = .versions(asset)
            case (5, "bindings"): self = .bindings(asset)
            case (6, "bindings"): self = .binding(asset, environment: last)
            case (6, "actions"): self = .action(asset, name: last)
            default: return nil
            }
        default: return nil
        }
    }

    /// The methods that the path answers, as they stand in an `Allow` header.
    var methods: [String] {
        switch self {
        case .asset: ["GET", "HEAD", "PATCH"]
        case .versions: ["GET", "HEAD", "POST"]
        case .history, .bindings, .approvals, .approval, .policies: ["GET", "HEAD"]
        case .action, .decisions, .cancel: ["POST"]
        case .binding: ["PUT"]
        }
    }
}
