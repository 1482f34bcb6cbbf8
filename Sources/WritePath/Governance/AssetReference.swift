package import CatalogModel

/// Names an asset; there need not be an entity of that name.
package struct AssetReference: Sendable, Hashable {
    package let plugin: String
    package let kind: String
    package let name: String

    /// Takes the decoded parts of a path.
    ///
    /// Throws `.badRequest` for a part that is empty, too long or holds control characters, and for
    /// a plugin or kind with a colon, since the uid could not be told from another one's.
    package init(plugin: String, kind: String, name: String) throws(RequestError) {
        for (part, text) in [("plugin", plugin), ("kind", kind), ("name", name)] {
            let isShort = !text.isEmpty && text.utf8.count <= WriteLimits.assetPartBytes
            let isPlain = !text.unicodeScalars.contains {
                $0.properties.generalCategory == .control
            }
            guard isShort, isPlain, part == "name" || !text.contains(":") else {
                throw .badRequest("the asset's \(part) is invalid")
            }
        }
        self.plugin = plugin
        self.kind = kind
        self.name = name
    }

    /// Makes a reference from parts that were checked before they were stored.
    init(stored plugin: String, _ kind: String, _ name: String) {
        self.plugin = plugin
        self.kind = kind
        self.name = name
    }

    /// `plugin:kind:name`.
    package var uid: String { "\(plugin):\(kind):\(name)" }

    var json: JSONValue {
        ["plugin": .string(plugin), "kind": .string(kind), "name": .string(name)]
    }
}
