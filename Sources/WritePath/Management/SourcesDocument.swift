import CatalogModel

/// The text of a sources file with one source changed; whatever else it says stays.
package enum SourcesDocument {
    /// The text with the source put in place of the one with its id, at the end, or taken out.
    ///
    /// Comments are lost. Throws when the present text cannot be read, or when the source cannot be
    /// written as YAML.
    package static func changing(
        _ text: String, _ key: SourceKey, to definition: SourceDefinition?
    ) throws(LoadError) -> String {
        var root = try object(text)
        if root["apiVersion"] == nil {
            root["apiVersion"] = .string(SourcesConfiguration.supportedVersion)
        }
        if root["kind"] == nil { root["kind"] = .string(SourcesConfiguration.supportedKind) }
        var catalogs = root["catalogs"]?.objectValue ?? JSONObject()
        var section = catalogs[key.plugin.configKey]?.objectValue ?? JSONObject()
        var sources = section["sources"]?.arrayValue ?? []
        let place = sources.firstIndex { $0["id"]?.stringValue == key.id }
        switch (place, definition) {
        case (let place?, let definition?): sources[place] = entry(definition)
        case (let place?, nil): sources.remove(at: place)
        case (nil, let definition?): sources.append(entry(definition))
        case (nil, nil): break
        }
        section["sources"] = .array(sources)
        catalogs[key.plugin.configKey] = .object(section)
        root["catalogs"] = .object(catalogs)
        let next = BlockYAML.text(of: root)
        guard try YAMLDocument.parse(next, file: "sources").toJSON() == .object(root) else {
            throw LoadError(
                .invalidField, file: "sources", "source \"\(key.id)\" cannot be written as YAML")
        }
        return next
    }

    /// The source as the text has it; nil if it has none.
    ///
    /// Relative paths start at `directory`.
    package static func definition(
        of key: SourceKey, in text: String, directory: String
    ) throws(LoadError) -> SourceDefinition? {
        guard !text.isEmpty else { return nil }
        let configuration = try SourcesFile.parse(text, file: "sources", directory: directory)
        guard var found = configuration.catalog(plugin: key.plugin.name)?.source(key.id) else {
            return nil
        }
        // Where it stood in an old text is of no use.
        (found.file, found.position) = (nil, nil)
        return found
    }

    private static func object(_ text: String) throws(LoadError) -> JSONObject {
        guard !text.isEmpty else { return JSONObject() }
        let root = try YAMLDocument.parse(text, file: "sources").toJSON()
        if root == .null { return JSONObject() }
        guard let object = root.objectValue else {
            throw LoadError(.invalidField, file: "sources", "a sources file must be a map")
        }
        return object
    }

    private static func entry(_ definition: SourceDefinition) -> JSONValue {
        var object = definition.json
        object["origin"] = nil
        for key in ["labels", "includedItems", "excludedItems"] where object[key] == [] {
            object[key] = nil
        }
        return .object(object)
    }
}
