package import CatalogModel

/// A source that a client tries out: what to read, and what of it would be taken.
package struct SourcePreview: Sendable {
    /// One entity that the source has.
    package struct Item: Sendable, Hashable {
        package let name: String
        package let included: Bool
    }

    private static let file = "config"
    private static let pathKeys = ["yamlCatalogPath", "path"]
    /// Keys of a source, the names that clients of model catalogs use among them.
    private static let keys = [
        "id", "name", "type", "enabled", "labels", "properties", "includedItems",
        "excludedItems", "includedModels", "excludedModels", "url",
    ]

    /// What a loader is to read: everything, so that it can be shown what is left out.
    package let definition: SourceDefinition
    private let selection: ItemSelection

    /// Reads a source's configuration; `data` stands for the catalog file that it names.
    ///
    /// `directory` is where paths start; nil refuses them. An address in the configuration is
    /// ignored, so that no client has the server call one. Throws every problem found.
    package init(
        config: String, data: String?, plugin: PluginDefinition, directory: String?
    ) throws(LoadError) {
        let root = try YAMLDocument.parse(config, file: Self.file)
        var fields = FieldReader(file: Self.file)
        guard let members = root.members else {
            throw LoadError(
                .invalidField, file: Self.file, at: root.position, "config must be a map")
        }
        fields.checkKeys(of: members, in: "", known: Self.keys)
        var type = ""
        var properties = JSONObject()
        var included: [String] = []
        var excluded: [String] = []
        for member in members where member.value.value != .null {
            switch member.key {
            case "type": type = fields.string(member, path: "type") ?? ""
            case "properties":
                let map = fields.map(member, path: "properties") ?? []
                excluded += Self.patterns("excludedModels", map, &fields)
                properties = YAMLNode.object(map)
            case "includedItems", "includedModels":
                included += fields.patterns(member, path: member.key) ?? []
            case "excludedItems", "excludedModels":
                excluded += fields.patterns(member, path: member.key) ?? []
            default: break
            }
        }
        type = type == "huggingface" ? "hf" : type
        Self.check(type, plugin, at: root.position, &fields)
        try fields.problems.check()
        if type != SourceSettings.type, data == nil {
            // The provider asks for what is included and no more.
            let organization = properties[HubPatterns.organizationKey]?.stringValue
            excluded = excluded.map { HubPatterns.qualified($0, organization) }
            if properties[HubPatterns.includedKey] == nil, !included.isEmpty {
                properties[HubPatterns.includedKey] = .strings(included)
            }
            included = []
        }
        // Patterns were checked above, each with its place.
        let selected = try? ItemSelection(included: included, excluded: excluded)
        guard let selected else {
            throw LoadError(.invalidField, file: Self.file, "the patterns cannot be used")
        }
        selection = selected
        properties["excludedModels"] = nil
        properties["url"] = nil
        definition = SourceDefinition(
            plugin: plugin.name, id: "preview", name: "preview",
            type: data == nil ? type : SourceSettings.type,
            properties: try Self.properties(properties, type, data, directory))
    }

    /// Every entity that the loader read, by what the configuration makes of it.
    package func items(of source: LoadedSource) -> [Item] {
        source.entities.map { Item(name: $0.name, included: selection.includes($0.name)) }
    }

    private static func patterns(
        _ key: String, _ members: [YAMLNode.Member], _ fields: inout FieldReader
    ) -> [String] {
        guard let member = members.first(where: { $0.key == key }) else { return [] }
        return fields.patterns(member, path: "properties.\(key)") ?? []
    }

    private static func check(
        _ type: String, _ plugin: PluginDefinition, at position: SourcePosition,
        _ fields: inout FieldReader
    ) {
        if type.isEmpty {
            fields.add(.missingField, at: position, "type is required")
        } else if !plugin.sourceTypes.contains(type) {
            fields.add(
                .unsupportedType, at: position,
                "type \"\(type)\" is not supported; valid types: "
                    + plugin.sourceTypes.joined(separator: ", "))
        }
    }

    /// The properties that the loader gets.
    private static func properties(
        _ given: JSONObject, _ type: String, _ data: String?, _ directory: String?
    ) throws(LoadError) -> JSONObject {
        if let data { return ["content": .string(data)] }
        var properties = given
        if type != SourceSettings.type { return properties }
        for key in pathKeys where properties["content"] == nil {
            guard let path = properties[key]?.stringValue else { continue }
            guard let directory else {
                throw LoadError(
                    .unreadable, file: file, "\(key) cannot be read here; send catalogData")
            }
            properties[key] = .string(SourceText.path(path, below: directory))
        }
        return properties
    }
}

extension SourceRecord {
    /// The source as clients of the model catalog see it.
    package var modelSourceJSON: JSONValue {
        var object: JSONObject = [
            "id": .string(definition.id), "name": .string(definition.name),
            "enabled": .bool(definition.enabled), "labels": .strings(definition.labels),
        ]
        if state != .loading {
            object["status"] = .string(state.rawValue)
            object["error"] = error.map { .string($0) } ?? .null
        }
        let excluded =
            definition.excludedItems
            + (definition.properties["excludedModels"]?.arrayValue ?? []).compactMap(\.stringValue)
        let included =
            definition.includedItems
            + (definition.properties["includedModels"]?.arrayValue ?? []).compactMap(\.stringValue)
        if !included.isEmpty { object["includedModels"] = .strings(included) }
        if !excluded.isEmpty { object["excludedModels"] = .strings(excluded) }
        return .object(object)
    }
}
