/// One plugin, declared as data: routes, validation and capabilities are derived from it.
package struct PluginDefinition: Sendable, Hashable {
    package let name: String
    /// The key of the plugin's section in the source configuration.
    package let configKey: String
    package let basePath: String
    package let version: String
    package let displayName: String
    package let icon: String
    package let description: String
    package let sourceTypes: [String]
    package let kinds: [KindDefinition]
    package let actions: [ActionDefinition]
    package let listConvention: ListConvention
    /// Whether entities carry artifacts that have endpoints of their own.
    package let hasArtifacts: Bool

    init(
        name: String, configKey: String? = nil, displayName: String, icon: String,
        description: String, sourceTypes: [String], listConvention: ListConvention = .catalog,
        hasArtifacts: Bool = false, kinds: [KindDefinition]
    ) {
        self.name = name
        self.configKey = configKey ?? name
        self.basePath = Self.basePath(name)
        self.version = Self.apiVersion
        self.displayName = displayName
        self.icon = icon
        self.description = description
        self.sourceTypes = sourceTypes
        self.kinds = kinds
        self.actions = ActionDefinition.standard
        self.listConvention = listConvention
        self.hasArtifacts = hasArtifacts
    }

    /// Whether the plugin has sources of this type: its own types, and `http` like every plugin.
    ///
    /// The contract fixes the types that capabilities name, so `http` is not among them.
    package func accepts(sourceType: String) -> Bool {
        sourceType == "http" || sourceTypes.contains(sourceType)
    }

    /// Finds one of the plugin's kinds by its contract name.
    package func kind(_ name: String) -> KindDefinition? { kinds.first { $0.kind == name } }

    /// Finds one of the plugin's kinds by the plural used in paths.
    package func kind(plural: String) -> KindDefinition? { kinds.first { $0.plural == plural } }

    /// Finds one of the plugin's actions by its identifier.
    package func action(_ id: String) -> ActionDefinition? { actions.first { $0.id == id } }

    static let apiVersion = "v1alpha1"

    static func basePath(_ name: String) -> String { "/api/\(name)_catalog/\(apiVersion)" }
}
