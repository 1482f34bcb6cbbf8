/// Something a client can ask a plugin to do with a source or an asset.
package struct ActionDefinition: Sendable, Hashable {
    /// What an action applies to.
    package enum Scope: String, Sendable, Hashable {
        case source, asset
    }

    package let id: String
    package let displayName: String
    package let description: String
    package let scope: Scope
    package let supportsDryRun: Bool
    package let idempotent: Bool
    package let destructive: Bool

    static func asset(_ id: String, _ displayName: String, _ description: String) -> Self {
        ActionDefinition(
            id: id, displayName: displayName, description: description, scope: .asset,
            supportsDryRun: true, idempotent: true, destructive: false)
    }

    static let tag = asset("tag", "Tag", "Replace the tags of an entity")
    static let annotate = asset("annotate", "Annotate", "Add or change annotations of an entity")
    static let deprecate = asset("deprecate", "Deprecate", "Mark an entity as deprecated")
    static let refresh = ActionDefinition(
        id: "refresh", displayName: "Refresh", description: "Reload entities from a source",
        scope: .source, supportsDryRun: false, idempotent: true, destructive: false)

    /// The four actions every plugin declares.
    static let standard = [tag, annotate, deprecate, refresh]
}
