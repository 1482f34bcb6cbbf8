/// What is known of an entity beside its document.
package struct EntityRow: Sendable, Hashable {
    package let source: String
    package let name: String
    package let id: Int64
    package let createdAtMs: Int64
    package let updatedAtMs: Int64

    /// Collects the parts of a row.
    package init(source: String, name: String, id: Int64, createdAtMs: Int64, updatedAtMs: Int64) {
        self.source = source
        self.name = name
        self.id = id
        self.createdAtMs = createdAtMs
        self.updatedAtMs = updatedAtMs
    }

    /// Takes the parts from a stored entity.
    package init(_ entity: StoredEntity) {
        self.init(
            source: entity.key.source, name: entity.key.name, id: entity.id,
            createdAtMs: entity.createdAtMs, updatedAtMs: entity.updatedAtMs)
    }

    /// The time a field shows: the document's own where the kind keeps it, else the row's.
    func time(of field: FieldDefinition, document: JSONObject, kind: KindDefinition) -> Int64 {
        if kind.keepsDocumentTimes, let text = document[field.name]?.stringValue,
            let time = Int64(text)
        {
            return time
        }
        return field.origin == .createTime ? createdAtMs : updatedAtMs
    }
}
