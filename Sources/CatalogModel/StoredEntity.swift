/// An entity as the database holds it.
package struct StoredEntity: Sendable, Hashable {
    package let key: EntityKey
    package let id: Int64
    /// The number of times that the entity was written.
    package let version: Int64
    /// The namespace's revision at which the entity was last written.
    package let revision: Revision
    package let createdAtMs: Int64
    package let updatedAtMs: Int64
    /// The document's text exactly as the database prints it; digests are taken over these bytes.
    package let doc: [UInt8]

    /// Makes an entity from its columns.
    package init(
        key: EntityKey, id: Int64, version: Int64, revision: Revision,
        createdAtMs: Int64, updatedAtMs: Int64, doc: [UInt8]
    ) {
        self.key = key
        self.id = id
        self.version = version
        self.revision = revision
        self.createdAtMs = createdAtMs
        self.updatedAtMs = updatedAtMs
        self.doc = doc
    }
}
