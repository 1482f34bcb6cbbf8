/// The vocabulary in which the plugin definitions are written.
extension FieldDefinition {
    static let overview = "Overview"
    static let metadataSection = "Metadata"

    static func string(
        _ name: String, _ section: String = overview, label: String? = nil
    ) -> FieldDefinition {
        FieldDefinition(name, .string, label: label, section: section)
    }

    /// A long text: filterable, not worth an index.
    static func text(_ name: String, _ section: String = overview) -> FieldDefinition {
        var field = FieldDefinition(name, .string, label: nil, section: section)
        field.indexed = false
        return field
    }

    static func integer(_ name: String, _ section: String = overview) -> FieldDefinition {
        FieldDefinition(name, .integer, label: nil, section: section)
    }

    static func boolean(_ name: String, _ section: String = overview) -> FieldDefinition {
        FieldDefinition(name, .boolean, label: nil, section: section)
    }

    static func strings(_ name: String, _ section: String = overview) -> FieldDefinition {
        FieldDefinition(name, .stringArray, label: nil, section: section)
    }

    static func object(
        _ name: String, _ section: String, keys: [NestedKey]? = nil
    ) -> FieldDefinition {
        var field = FieldDefinition(name, .object, label: nil, section: section)
        field.keys = keys
        return field
    }

    static func objects(
        _ name: String, _ section: String, keys: [NestedKey]? = nil
    ) -> FieldDefinition {
        var field = FieldDefinition(name, .objectArray, label: nil, section: section)
        field.keys = keys
        return field
    }

    static func metadata(_ name: String) -> FieldDefinition {
        FieldDefinition(name, .metadata, label: nil, section: metadataSection)
    }

    /// A value inside an object that is itself a field of the document.
    static func nested(_ name: String, path: [String], _ section: String) -> FieldDefinition {
        precondition(path.count > 1, "a nested field has a path of several keys")
        let field = FieldDefinition(name, .string, path: path, label: nil, section: section)
        return field.known(as: path.joined(separator: "."))
    }

    static func row(_ name: String, _ origin: Origin, label: String) -> FieldDefinition {
        let type: FieldType =
            switch origin {
            case .id: .integer
            case .createTime, .updateTime: .timestamp
            case .source, .document: .string
            }
        var field = FieldDefinition(name, type, label: label, section: metadataSection)
        field.origin = origin
        return field
    }

    static let name = string("name").asRequired()
    static let externalId = string("externalId", metadataSection, label: "External ID")
    static let description = text("description")
    static let customProperties = object("customProperties", metadataSection)
    static let sourceId = row("sourceId", .source, label: "Source").known(as: "source_id")
    static let createTime = row("createTimeSinceEpoch", .createTime, label: "Created")
    static let updateTime = row("lastUpdateTimeSinceEpoch", .updateTime, label: "Last Updated")

    /// Surrounds a catalog kind's own fields with those that every kind has.
    static func catalog(_ fields: [FieldDefinition]) -> [FieldDefinition] {
        [name, externalId, description] + fields + [customProperties, sourceId]
    }

    func asRequired() -> FieldDefinition { changed { $0.required = true } }

    func asHidden() -> FieldDefinition { changed { $0.hidden = true } }

    func known(as aliases: String...) -> FieldDefinition { changed { $0.aliases += aliases } }

    func allowing(_ values: [String], inFiles fileValues: [String] = []) -> FieldDefinition {
        changed {
            $0.allowedValues = values
            $0.fileAllowedValues = fileValues
        }
    }

    private func changed(_ change: (inout FieldDefinition) -> Void) -> FieldDefinition {
        var copy = self
        change(&copy)
        return copy
    }
}
