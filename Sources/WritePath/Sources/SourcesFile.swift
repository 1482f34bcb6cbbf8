import CatalogModel

/// Reads the file that lists the sources of all plugins.
package enum SourcesFile {
    /// Reads a sources file from disk; blocks on the file system.
    ///
    /// With `partial`, sources may lack what an earlier file gives; call `checkComplete()` after
    /// merging. Throws every problem found, each with its line.
    package static func load(
        _ path: String, partial: Bool = false
    ) throws(LoadError) -> SourcesConfiguration {
        try parse(try SourceText.read(path), file: path, partial: partial)
    }

    /// The text of a sources file, unread; blocks on the file system.
    package static func text(of path: String) throws(LoadError) -> String {
        try SourceText.read(path)
    }

    /// Reads the text of a sources file.
    ///
    /// `directory` is where relative paths start: the directory of `file` unless given.
    package static func parse(
        _ text: String, file: String, directory: String? = nil, partial: Bool = false
    ) throws(LoadError) -> SourcesConfiguration {
        let root = try YAMLDocument.parse(text, file: file)
        var reader = SourcesReader(
            file: file, directory: directory ?? SourceText.directory(of: file), partial: partial)
        let configuration = reader.configuration(root)
        try reader.fields.problems.check()
        return configuration
    }
}

/// Turns the tree of a sources file into a configuration, collecting every problem.
struct SourcesReader {
    let directory: String
    let partial: Bool
    var fields: FieldReader

    init(file: String, directory: String, partial: Bool) {
        self.directory = directory
        self.partial = partial
        self.fields = FieldReader(file: file)
    }

    mutating func configuration(_ root: YAMLNode) -> SourcesConfiguration {
        var configuration = SourcesConfiguration()
        guard let members = root.members else {
            let found = root.value == .null ? "the file is empty" : "found \(root.typeName)"
            fields.add(.invalidField, at: root.position, "a sources file must be a map; \(found)")
            return configuration
        }
        fields.checkKeys(of: members, in: "", known: ["apiVersion", "kind", "catalogs"])
        for member in members {
            switch member.key {
            case "apiVersion":
                configuration.apiVersion = constant(
                    member, SourcesConfiguration.supportedVersion)
            case "kind":
                configuration.kind = constant(member, SourcesConfiguration.supportedKind)
            case "catalogs":
                configuration.catalogs = catalogs(member)
            default: break
            }
        }
        return configuration
    }

    /// A field whose only value is known; an empty one counts as not given.
    private mutating func constant(_ member: YAMLNode.Member, _ expected: String) -> String {
        guard let text = fields.string(member, path: member.key), !text.isEmpty else { return "" }
        if text != expected {
            fields.add(
                .invalidField, at: member.value.position,
                "\(member.key) must be \"\(expected)\"; found \"\(text)\"")
        }
        return text
    }

    private mutating func catalogs(
        _ member: YAMLNode.Member
    ) -> [SourcesConfiguration.Catalog] {
        guard let sections = fields.map(member, path: "catalogs") else { return [] }
        var catalogs: [SourcesConfiguration.Catalog] = []
        for section in sections {
            guard let plugin = Plugins.configKeyed(section.key) else {
                unknownPlugin(section)
                continue
            }
            catalogs.append(catalog(section, plugin: plugin))
        }
        return catalogs
    }

    private mutating func unknownPlugin(_ section: YAMLNode.Member) {
        let known = Plugins.all.map(\.configKey)
        let nearest = NearestKey.nearest(to: section.key, among: known)
        let hint = nearest.map { "; did you mean \"\($0)\"?" } ?? ""
        fields.add(
            .unknownPlugin, at: section.position,
            "unknown plugin \"\(section.key)\"\(hint); valid plugins: "
                + known.joined(separator: ", "))
    }

    private mutating func catalog(
        _ section: YAMLNode.Member, plugin: PluginDefinition
    ) -> SourcesConfiguration.Catalog {
        var catalog = SourcesConfiguration.Catalog(
            configKey: plugin.configKey, plugin: plugin.name)
        let path = "catalogs.\(section.key)"
        guard let members = fields.map(section, path: path) else { return catalog }
        fields.checkKeys(of: members, in: path, known: ["sources", "labels", "namedQueries"])
        for member in members {
            switch member.key {
            case "sources": catalog.sources = sources(member, plugin: plugin, path: path)
            case "labels": catalog.labels = labels(member, path: path)
            case "namedQueries": catalog.namedQueries = namedQueries(member, path: path)
            default: break
            }
        }
        return catalog
    }
}
