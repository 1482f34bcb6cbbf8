/// Makes the public JSON body of an entity.
package enum EntityRenderer {
    /// Appends the entity's body; linear in its size, without a newline at the end.
    package static func append(
        _ entity: StoredEntity, document: JSONObject, kind: KindDefinition,
        to buffer: inout [UInt8]
    ) {
        JSONWriter.append(body(of: entity, document: document, kind: kind), to: &buffer)
    }

    /// Builds the entity's body: declared fields in their order, other keys, then the source.
    ///
    /// Null values are left out, and so are fields that clients reach by endpoints of their own.
    package static func body(
        of entity: StoredEntity, document: JSONObject, kind: KindDefinition
    ) -> JSONObject {
        var body = JSONObject()
        let sourceLast = kind.fields.last?.origin == .source
        for field in kind.fields where field.path.count == 1 && !field.hidden {
            if sourceLast && field.origin == .source { continue }
            body[field.name] = value(of: field, entity: entity, document: document, kind: kind)
        }
        for member in document.members where member.value != .null {
            if kind.documentField(member.key) != nil { continue }
            if kind.isServerKey(member.key, origin: .request) { continue }
            body[member.key] = member.value
        }
        if sourceLast, let field = kind.fields.last {
            body[field.name] = .string(entity.key.source)
        }
        return body
    }

    private static func value(
        of field: FieldDefinition, entity: StoredEntity, document: JSONObject,
        kind: KindDefinition
    ) -> JSONValue? {
        switch field.origin {
        case .id: return .string(String(entity.id))
        case .source: return .string(entity.key.source)
        case .createTime, .updateTime:
            let row = EntityRow(entity)
            return .string(String(row.time(of: field, document: document, kind: kind)))
        case .document:
            // The key, not the document, says what an entity is called.
            if field.name == "name" { return .string(entity.key.name) }
            guard let value = document[field.name], value != .null else { return nil }
            if kind.readableLicense, field.name == "license", let id = value.stringValue {
                return .string(LicenseName.readable(id))
            }
            return value
        }
    }
}
