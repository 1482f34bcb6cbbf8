import CatalogModel

extension SourcesReader {
    private static let sourceKeys = [
        "id", "name", "type", "enabled", "labels", "properties", "includedItems", "excludedItems",
    ]

    /// The sources of one plugin; an id may occur only once.
    mutating func sources(
        _ member: YAMLNode.Member, plugin: PluginDefinition, path: String
    ) -> [SourceDefinition] {
        let path = "\(path).sources"
        guard let elements = fields.list(member, path: path) else { return [] }
        var sources: [SourceDefinition] = []
        var seen: [String: SourcePosition] = [:]
        for (index, element) in elements.enumerated() {
            guard let source = source(element, plugin: plugin, path: "\(path)[\(index)]") else {
                continue
            }
            if let first = seen[source.id] {
                fields.add(
                    .duplicateSource, at: source.position,
                    "source \"\(source.id)\" of plugin \(plugin.configKey) is defined twice, "
                        + "first at line \(first.line)")
                continue
            }
            seen[source.id] = element.position
            sources.append(source)
        }
        return sources
    }

    /// One source, or nil if it has no usable id.
    private mutating func source(
        _ element: YAMLNode, plugin: PluginDefinition, path: String
    ) -> SourceDefinition? {
        guard let members = element.members else {
            fields.add(
                .invalidField, at: element.position,
                "\(path) must be a map, not \(element.typeName)")
            return nil
        }
        fields.checkKeys(of: members, in: path, known: SourcesReader.sourceKeys)
        guard let id = sourceID(element, path: path) else { return nil }
        var source = SourceDefinition(plugin: plugin.name, id: id, name: "", type: "")
        source.given = []
        source.file = fields.problems.file
        source.position = element.position
        for member in members { read(member, into: &source, path: path) }
        check(source, element: element, plugin: plugin)
        return source
    }

    private mutating func sourceID(_ element: YAMLNode, path: String) -> String? {
        guard let member = element.member("id"), member.value.value != .null else {
            fields.add(.missingField, at: element.position, "\(path).id is required")
            return nil
        }
        guard let id = fields.string(member, path: "\(path).id") else { return nil }
        do {
            try SourceID.validate(id)
            return id
        } catch {
            fields.add(.invalidField, at: member.value.position, error.message)
            return nil
        }
    }

    private mutating func read(
        _ member: YAMLNode.Member, into source: inout SourceDefinition, path: String
    ) {
        // A field without a value is as if it were not there.
        guard member.value.value != .null else { return }
        let path = "\(path).\(member.key)"
        switch member.key {
        case "name":
            source.name = fields.string(member, path: path) ?? ""
        case "type":
            source.type = fields.string(member, path: path) ?? ""
        case "enabled":
            source.enabled = fields.bool(member, path: path) ?? true
            source.given.insert(.enabled)
        case "labels":
            source.labels = fields.strings(member, path: path) ?? []
            source.given.insert(.labels)
        case "properties":
            source.properties = YAMLNode.object(fields.map(member, path: path) ?? [])
            source.originDirectory = directory
            source.given.insert(.properties)
        case "includedItems":
            source.includedItems = fields.patterns(member, path: path) ?? []
            source.given.insert(.includedItems)
        case "excludedItems":
            source.excludedItems = fields.patterns(member, path: path) ?? []
            source.given.insert(.excludedItems)
        default: break
        }
    }

    private mutating func check(
        _ source: SourceDefinition, element: YAMLNode, plugin: PluginDefinition
    ) {
        for (key, value) in [("name", source.name), ("type", source.type)] where value.isEmpty {
            let member = element.member(key)
            let isWrongType = member.map { $0.value.string == nil && $0.value.value != .null }
            if !partial, isWrongType != true {
                fields.add(
                    .missingField, at: member?.position ?? element.position,
                    "source \"\(source.id)\": \(key) is required")
            }
        }
        if source.name.unicodeScalars.count > SourceLimits.sourceNameLength {
            fields.add(
                .invalidField, at: element.position(atPath: "name"),
                "source \"\(source.id)\": name exceeds maximum length of "
                    + "\(SourceLimits.sourceNameLength) characters")
        }
        if !source.type.isEmpty, !plugin.accepts(sourceType: source.type) {
            fields.add(
                .unsupportedType, at: element.position(atPath: "type"),
                "source \"\(source.id)\": type \"\(source.type)\" is not supported by plugin "
                    + "\(plugin.configKey); valid types: "
                    + plugin.sourceTypes.joined(separator: ", "))
        }
    }
}
