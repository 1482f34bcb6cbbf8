/// The table of all plugins.
package enum Plugins {
    /// All plugins in the order of the contract.
    package static let all: [PluginDefinition] = [
        AgentsPlugin.definition, GuardrailsPlugin.definition, KnowledgePlugin.definition,
        McpPlugin.definition, ModelPlugin.definition, PoliciesPlugin.definition,
        PromptsPlugin.definition, SkillsPlugin.definition,
    ]

    /// Finds a plugin by its contract name; one dictionary lookup.
    package static func named(_ name: String) -> PluginDefinition? { byName[name] }

    /// Finds a plugin by its key in the source configuration; one dictionary lookup.
    package static func configKeyed(_ key: String) -> PluginDefinition? { byConfigKey[key] }

    /// Finds a kind by the names of its plugin and itself.
    package static func kind(plugin: String, kind: String) -> KindDefinition? {
        byName[plugin]?.kind(kind)
    }

    private static let byName = Dictionary(uniqueKeysWithValues: all.map { ($0.name, $0) })
    private static let byConfigKey = Dictionary(
        uniqueKeysWithValues: all.map { ($0.configKey, $0) })
}
