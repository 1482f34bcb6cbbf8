package import CatalogModel

/// One entity read from a source, valid by the definition of its kind.
package struct LoadedEntity: Sendable, Hashable {
    /// The contract name of the kind, such as `McpServer`.
    package let kind: String
    package let name: String
    /// The document to store, without the keys that the server sets.
    package let doc: JSONObject
    /// Where the entity starts in its file.
    package let position: SourcePosition

    /// Makes an entity of what a provider found.
    package init(kind: String, name: String, doc: JSONObject, position: SourcePosition) {
        self.kind = kind
        self.name = name
        self.doc = doc
        self.position = position
    }

    /// The line where the entity starts.
    package var line: Int { position.line }
}

/// Everything that one source holds at present.
package struct LoadedSource: Sendable, Hashable {
    /// In file order, names unique within a kind, the source's selection applied.
    package let entities: [LoadedEntity]
    /// What an operator should know although nothing is wrong.
    package let warnings: [String]

    /// Makes a source of what a provider found.
    package init(entities: [LoadedEntity], warnings: [String] = []) {
        self.entities = entities
        self.warnings = warnings
    }
}
