import CatalogModel

extension SourceDefinition {
    /// The whole definition, as it is kept; it may hold secrets.
    var json: JSONObject {
        var object: JSONObject = [
            "id": .string(id), "name": .string(name), "type": .string(type),
            "enabled": .bool(enabled), "labels": .strings(labels),
            "properties": .object(properties), "includedItems": .strings(includedItems),
            "excludedItems": .strings(excludedItems),
        ]
        object["origin"] = originDirectory.map { .string($0) }
        return object
    }

    /// Reads what `json` wrote; nil for anything else.
    init?(json: JSONValue, plugin: String) {
        func strings(_ key: String) -> [String] {
            (json[key]?.arrayValue ?? []).compactMap(\.stringValue)
        }
        guard let id = json["id"]?.stringValue, let name = json["name"]?.stringValue,
            let type = json["type"]?.stringValue
        else { return nil }
        self.init(
            plugin: plugin, id: id, name: name, type: type,
            enabled: json["enabled"]?.boolValue ?? true, labels: strings("labels"),
            properties: json["properties"]?.objectValue ?? JSONObject(),
            includedItems: strings("includedItems"), excludedItems: strings("excludedItems"),
            originDirectory: json["origin"]?.stringValue)
    }

    /// The row of the table, for `jsonb_to_record`.
    var rowJSON: JSONObject {
        [
            "name": .string(name), "type": .string(type), "enabled": .bool(enabled),
            "labels": .strings(labels), "properties": .object(properties),
            "included_items": .strings(includedItems), "excluded_items": .strings(excludedItems),
            "origin": .string(originDirectory ?? ""),
        ]
    }
}
