package import CatalogModel

/// One source of one plugin as the operator configured it.
///
/// A definition may be partial when several files are merged; `given` says which fields it has.
package struct SourceDefinition: Sendable, Hashable {
    /// The fields that have a default, so that their presence must be remembered.
    package struct Fields: OptionSet, Sendable, Hashable {
        package let rawValue: Int

        package init(rawValue: Int) {
            self.rawValue = rawValue
        }

        package static let enabled = Fields(rawValue: 1)
        package static let labels = Fields(rawValue: 2)
        package static let properties = Fields(rawValue: 4)
        package static let includedItems = Fields(rawValue: 8)
        package static let excludedItems = Fields(rawValue: 16)
    }

    /// The contract name of the plugin, such as `model`, not its configuration key.
    package let plugin: String
    package let id: String
    /// Empty only in a partial definition.
    package var name: String
    /// Empty only in a partial definition.
    package var type: String
    package var enabled: Bool
    package var labels: [String]
    package var properties: JSONObject
    package var includedItems: [String]
    package var excludedItems: [String]
    /// The directory of the file that gave the properties; relative paths start there.
    package var originDirectory: String?
    /// The file that gave the definition first, or nil.
    package var file: String?
    /// Where in that file, or nil.
    package var position: SourcePosition?
    package var given: Fields

    /// Makes a definition that did not come from a file, all of its fields present.
    package init(
        plugin: String, id: String, name: String, type: String, enabled: Bool = true,
        labels: [String] = [], properties: JSONObject = JSONObject(),
        includedItems: [String] = [], excludedItems: [String] = [],
        originDirectory: String? = nil
    ) {
        self.plugin = plugin
        self.id = id
        self.name = name
        self.type = type
        self.enabled = enabled
        self.labels = labels
        self.properties = properties
        self.includedItems = includedItems
        self.excludedItems = excludedItems
        self.originDirectory = originDirectory
        self.given = [.enabled, .labels, .properties, .includedItems, .excludedItems]
    }

    /// This definition with the fields that a later file gives for the same source.
    ///
    /// `name` and `type` are taken if not empty, the others if present, each as a whole;
    /// properties bring their directory along.
    package func merged(with later: SourceDefinition) -> SourceDefinition {
        precondition(later.plugin == plugin && later.id == id, "definitions of one source merge")
        var result = self
        if !later.name.isEmpty { result.name = later.name }
        if !later.type.isEmpty { result.type = later.type }
        if later.given.contains(.enabled) { result.enabled = later.enabled }
        if later.given.contains(.labels) { result.labels = later.labels }
        if later.given.contains(.properties) {
            result.properties = later.properties
            result.originDirectory = later.originDirectory
        }
        if later.given.contains(.includedItems) { result.includedItems = later.includedItems }
        if later.given.contains(.excludedItems) { result.excludedItems = later.excludedItems }
        result.given.formUnion(later.given)
        return result
    }
}
