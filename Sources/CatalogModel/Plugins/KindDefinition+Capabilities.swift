extension KindDefinition {
    /// The kind's entry in its plugin's capability document.
    func capabilities(_ environments: [String]) -> JSONValue {
        [
            "kind": .string(kind), "plural": .string(plural),
            "displayName": .string(displayName), "description": .string(description),
            "endpoints": [
                "list": .string(listPath), "get": .string(getTemplate),
                "action": .string(actionTemplate),
            ],
            "fields": [
                "columns": .array(columns.map(columnDocument)),
                "filterFields": .array(filterFields.map(filterDocument)),
                "detailFields": .array(detailFields.map(detailDocument)),
            ],
            "uiHints": hintsDocument(), "actions": .strings(actions),
            "governance": Self.governance(environments),
        ]
    }

    /// The field behind a declared column or filter.
    func declaredField(_ name: String) -> FieldDefinition {
        guard let field = field(named: name) else {
            preconditionFailure("a column or filter of \(kind) names no field: \(name)")
        }
        return field
    }

    /// The label of a column or filter, which an alias words in its own way.
    func label(of name: String) -> String {
        let field = declaredField(name)
        return field.name == name ? field.label : FieldLabel.words(of: name)
    }

    private func columnDocument(_ column: ColumnDefinition) -> JSONValue {
        let field = declaredField(column.name)
        return [
            "name": .string(column.name), "displayName": .string(label(of: column.name)),
            "path": .string(field.path.joined(separator: ".")),
            "type": .string(field.capabilityType), "sortable": .bool(column.sortable),
            "width": .string(column.width.rawValue),
        ]
    }

    private func filterDocument(_ filter: FilterFieldDefinition) -> JSONValue {
        var document: JSONObject = [
            "name": .string(filter.name), "displayName": .string(label(of: filter.name)),
            "type": .string(filter.input.rawValue),
        ]
        if !filter.options.isEmpty { document["options"] = .strings(filter.options) }
        document["operators"] = .strings(filter.operators)
        return .object(document)
    }

    private func detailDocument(_ field: FieldDefinition) -> JSONValue {
        [
            "name": .string(field.name), "displayName": .string(field.label),
            "path": .string(field.path.joined(separator: ".")),
            "type": .string(field.capabilityType), "section": .string(field.section),
        ]
    }

    private func hintsDocument() -> JSONValue {
        var hints: JSONObject = [
            "icon": .string(icon), "nameField": "name", "detailSections": .strings(detailSections),
        ]
        for hint in richHints?.members ?? [] { hints[hint.key] = hint.value }
        return .object(hints)
    }

    /// The environments of assets' versions where the operator names no others.
    package static let environments = ["dev", "stage", "prod"]

    private static func governance(_ environments: [String]) -> JSONValue {
        [
            "supported": true,
            "lifecycle": [
                "states": ["draft", "approved", "deprecated", "archived"],
                "defaultState": "draft",
            ],
            "versioning": ["enabled": true, "environments": .strings(environments)],
            "approvals": ["enabled": true],
            "provenance": ["enabled": true],
        ]
    }
}
