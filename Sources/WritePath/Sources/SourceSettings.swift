import CatalogModel

/// What the properties of a `yaml` source say.
struct SourceSettings {
    static let type = "yaml"
    private static let pathKeys = ["yamlCatalogPath", "path"]
    private static let contentKey = "content"
    private static let excludedModelsKey = "excludedModels"

    private let definition: SourceDefinition
    private let plugin: PluginDefinition

    init(_ definition: SourceDefinition, plugin: PluginDefinition) {
        self.definition = definition
        self.plugin = plugin
    }

    /// Throws unless the source is of the type that is read here.
    func checkType() throws(LoadError) {
        guard definition.type != SourceSettings.type else { return }
        if plugin.accepts(sourceType: definition.type) {
            throw error(.unsupportedType, "nothing here loads sources of type \(definition.type)")
        }
        throw error(
            .unsupportedType,
            "type \"\(definition.type)\" is not supported by plugin \(plugin.configKey); "
                + "valid types: " + plugin.sourceTypes.joined(separator: ", "))
    }

    /// Which entities are taken; models may be excluded by a property too.
    func selection() throws(LoadError) -> ItemSelection {
        var excluded = definition.excludedItems
        if plugin.hasArtifacts, let value = property(SourceSettings.excludedModelsKey) {
            guard let patterns = value.arrayValue?.compactMap(\.stringValue),
                patterns.count == value.arrayValue?.count
            else {
                throw error(
                    .invalidField,
                    "\(SourceSettings.excludedModelsKey) must be a list of strings")
            }
            excluded += patterns
        }
        do {
            return try ItemSelection(included: definition.includedItems, excluded: excluded)
        } catch {
            throw self.error(.invalidField, error.message)
        }
    }

    /// The text to read and the name under which its problems are reported.
    func text(within root: String?) throws(LoadError) -> (text: String, file: String) {
        if let content = property(SourceSettings.contentKey) {
            guard let text = content.stringValue else {
                throw error(.invalidField, "\(SourceSettings.contentKey) must be a string")
            }
            return (text, "\(definition.id)/\(SourceSettings.contentKey)")
        }
        let path = try path()
        if let root {
            let directory = SourceText.canonical(root)
            let prefix = directory.hasSuffix("/") ? directory : directory + "/"
            guard SourceText.canonical(path).hasPrefix(prefix) else {
                throw error(.unreadable, "the path leads out of the catalog directory")
            }
        }
        return (try SourceText.read(path), path)
    }

    /// Remarks about properties that have no effect.
    var warnings: [String] {
        let modelKeys = plugin.hasArtifacts ? [SourceSettings.excludedModelsKey] : []
        let known = SourceSettings.pathKeys + [SourceSettings.contentKey] + modelKeys
        let unknown = definition.properties.keys.filter { !known.contains($0) }.map {
            "source \"\(definition.id)\": unknown property \"\($0)\" is ignored"
                + NearestKey.hint(for: $0, among: known)
        }
        let paths = SourceSettings.pathKeys.filter { property($0) != nil }
        guard property(SourceSettings.contentKey) != nil, let path = paths.first else {
            return unknown
        }
        return unknown + ["source \"\(definition.id)\": \(path) is ignored, content is given"]
    }

    /// The file that is read; nil if there is none, or none that can be named.
    var filePath: String? { property(SourceSettings.contentKey) == nil ? try? path() : nil }

    private func path() throws(LoadError) -> String {
        for key in SourceSettings.pathKeys {
            guard let value = property(key) else { continue }
            guard let path = value.stringValue, !path.isEmpty, !path.utf8.contains(0) else {
                throw error(.invalidField, "\(key) must be the path of a file")
            }
            if path.hasPrefix("/") { return path }
            guard let directory = definition.originDirectory else {
                throw error(
                    .invalidField,
                    "\(key) must be absolute, as the source was not defined in a file")
            }
            return SourceText.path(path, below: directory)
        }
        throw error(.missingField, "yamlCatalogPath or content is required")
    }

    /// A property that is given; null counts as not given.
    private func property(_ key: String) -> JSONValue? {
        guard let value = definition.properties[key], value != .null else { return nil }
        return value
    }

    private func error(_ code: LoadError.Code, _ text: String) -> LoadError {
        LoadError(
            code, file: definition.file ?? "sources", at: definition.position,
            "source \"\(definition.id)\": \(text)")
    }
}
