package import CatalogModel

/// Makes an entity of the model catalog of what a hub says about one of its models.
package enum HubModel {
    /// The id of a model, such as `org/name`; nil for an answer that has none.
    package static func id(_ value: JSONValue) -> String? {
        guard let id = value["id"]?.stringValue ?? value["modelId"]?.stringValue else { return nil }
        let parts = id.split(separator: "/", omittingEmptySubsequences: false)
        return parts.count <= 2 && parts.allSatisfy(HubPatterns.isName) ? id : nil
    }

    /// The entity of a model, with its documentation; `syncedAtMs` is when the hub was asked.
    package static func entity(
        _ id: String, _ value: JSONValue, readme: String?, syncedAtMs: Int64
    ) -> LoadedEntity {
        let card = value["cardData"] ?? .null
        let tags = strings(value["tags"])
        var doc: JSONObject = ["name": .string(id)]
        doc["externalId"] = .string(id)
        doc["description"] = text(card["description"])
        doc["readme"] = readme.map { .string($0) }
        let author = text(value["author"])
        let organization = id.split(separator: "/").first.map(String.init)
        doc["provider"] = author ?? organization.map { .string($0) }
        doc["license"] = text(card["license"]) ?? tagged("license:", tags).map { .string($0) }
        doc["licenseLink"] = text(card["license_link"])
        doc["libraryName"] = text(value["library_name"]) ?? text(card["library_name"])
        let languages = strings(card["language"])
        if !languages.isEmpty { doc["language"] = .strings(languages) }
        if let task = text(value["pipeline_tag"])?.stringValue { doc["tasks"] = .strings([task]) }
        doc["createTimeSinceEpoch"] = time(value["createdAt"])
        doc["lastUpdateTimeSinceEpoch"] = time(value["lastModified"]) ?? time(value["createdAt"])
        doc["customProperties"] = .object(properties(value, tags, syncedAtMs))
        doc["artifacts"] = [["artifactType": "model-artifact", "uri": .string("hf://\(id)")]]
        return LoadedEntity(
            kind: "CatalogModel", name: id, doc: doc,
            position: SourcePosition(line: 1, column: 1))
    }

    /// The entity as it was last time if only the time of asking differs.
    ///
    /// So a refresh of models that have not changed writes nothing: `last_synced` is the time of the
    /// load that found the model as it is.
    package static func settled(_ entity: LoadedEntity, _ before: LoadedEntity?) -> LoadedEntity {
        guard let before, withoutTime(entity.doc) == withoutTime(before.doc) else { return entity }
        return before
    }

    private static let syncedKey = "last_synced"

    private static func withoutTime(_ doc: JSONObject) -> JSONObject {
        var doc = doc
        guard case .object(var properties)? = doc["customProperties"] else { return doc }
        properties[syncedKey] = nil
        doc["customProperties"] = .object(properties)
        return doc
    }

    private static func properties(
        _ value: JSONValue, _ tags: [String], _ syncedAtMs: Int64
    ) -> JSONObject {
        var properties = JSONObject()
        func add(_ key: String, _ text: String) {
            properties[key] = [
                "string_value": .string(text), "metadataType": "MetadataStringValue",
            ]
        }
        add("hf_private", value["private"]?.boolValue == true ? "true" : "false")
        // Either false or how access is granted.
        add("hf_gated", value["gated"]?.stringValue ?? gated(value["gated"]?.boolValue))
        if !tags.isEmpty { add("hf_tags", JSONValue.strings(tags).encodedText) }
        let architectures = strings(value["config"]?["architectures"])
        if !architectures.isEmpty {
            add("hf_architectures", JSONValue.strings(architectures).encodedText)
        }
        if let type = value["config"]?["model_type"]?.stringValue, !type.isEmpty {
            add("hf_model_type", type)
        }
        add(syncedKey, Timestamp(ms: syncedAtMs / 1_000 * 1_000).description)
        return properties
    }

    private static func gated(_ flag: Bool?) -> String { flag == true ? "true" : "false" }

    /// A text, or the first one of a list, since authors of cards give either.
    private static func text(_ value: JSONValue?) -> JSONValue? {
        strings(value).first.map { .string($0) }
    }

    private static func strings(_ value: JSONValue?) -> [String] {
        let texts =
            value?.stringValue.map { [$0] }
            ?? (value?.arrayValue ?? []).compactMap(\.stringValue)
        // Postgres cannot store the character U+0000.
        return texts.filter { !$0.isEmpty && !$0.utf8.contains(0) }
    }

    private static func tagged(_ prefix: String, _ tags: [String]) -> String? {
        tags.first { $0.hasPrefix(prefix) }.map { String($0.dropFirst(prefix.count)) }
    }

    private static func time(_ value: JSONValue?) -> JSONValue? {
        guard let text = value?.stringValue, let time = Timestamp(text) else { return nil }
        return .string(String(time.ms))
    }
}
