/// Takes from an entity the values by which lists are filtered and ordered.
package enum FieldExtractor {
    /// The comparable value of each of the kind's fields, at the field's number.
    ///
    /// Fields that cannot be compared are `missing`. Linear in the fields of the kind.
    package static func values(
        of document: JSONObject, row: EntityRow, kind: KindDefinition
    ) -> [FieldValue] {
        kind.fields.map { value(of: $0, document: document, row: row, kind: kind) }
    }

    /// The comparable values of a stored entity whose document is already parsed.
    package static func values(
        of entity: StoredEntity, document: JSONObject, kind: KindDefinition
    ) -> [FieldValue] {
        values(of: document, row: EntityRow(entity), kind: kind)
    }

    /// The comparable value of one field.
    package static func value(
        of field: FieldDefinition, document: JSONObject, row: EntityRow, kind: KindDefinition
    ) -> FieldValue {
        guard field.filterable || field.sortable else { return .missing }
        switch field.origin {
        case .id: return .integer(row.id)
        case .source: return .string(row.source)
        case .createTime, .updateTime:
            return .integer(row.time(of: field, document: document, kind: kind))
        case .document:
            if field.name == "name" { return .string(row.name) }
            guard let value = find(field.path, in: document) else { return .missing }
            if kind.readableLicense, field.name == "license", let id = value.stringValue {
                return .string(LicenseName.readable(id))
            }
            return comparable(value, field)
        }
    }

    /// The value that a path leads to.
    package static func find(_ path: [String], in document: JSONObject) -> JSONValue? {
        var value: JSONValue = .object(document)
        for key in path {
            guard let next = value[key] else { return nil }
            value = next
        }
        return value
    }

    /// What a field compares of a value of the document.
    package static func comparable(_ value: JSONValue, _ field: FieldDefinition) -> FieldValue {
        switch (field.type, value) {
        case (.string, .string(let text)): .string(text)
        case (.boolean, .bool(let flag)): .boolean(flag)
        case (.integer, .number(let number)): number.int.map { .integer($0) } ?? .missing
        case (.double, .number(let number)): .double(number.double)
        case (.timestamp, .string(let text)): Int64(text).map { .integer($0) } ?? .missing
        case (.stringArray, .array(let elements)): .strings(elements.compactMap(\.stringValue))
        default: .missing
        }
    }
}
