/// The identity of an entity inside its namespace.
///
/// Keys are equal when their bytes are, as in the store: two spellings of one letter are two names.
package struct EntityKey: Hashable, Sendable, Comparable, CustomStringConvertible {
    /// The plugin's name as the contract writes it, such as `mcp`.
    package let plugin: String
    /// The kind as the contract writes it, such as `McpServer`.
    package let kind: String
    /// The id of the source that the entity comes from.
    package let source: String
    package let name: String

    /// Makes a key from parts that are already checked.
    package init(plugin: String, kind: String, source: String, name: String) {
        self.plugin = plugin
        self.kind = kind
        self.source = source
        self.name = name
    }

    package static func == (left: EntityKey, right: EntityKey) -> Bool {
        zip(left.parts, right.parts).allSatisfy { $0.utf8.elementsEqual($1.utf8) }
    }

    package func hash(into hasher: inout Hasher) {
        for part in parts {
            for byte in part.utf8 { hasher.combine(byte) }
            hasher.combine(UInt8(0))
        }
    }

    package static func < (left: EntityKey, right: EntityKey) -> Bool {
        for (first, second) in zip(left.parts, right.parts)
        where !first.utf8.elementsEqual(second.utf8) {
            return first.utf8.lexicographicallyPrecedes(second.utf8)
        }
        return false
    }

    private var parts: [String] { [plugin, kind, source, name] }

    package var description: String { "\(plugin)/\(kind)/\(source)/\(name)" }
}
