package import CatalogModel

/// What one sources file, or several merged ones, configure.
package struct SourcesConfiguration: Sendable, Hashable {
    /// A comparison that a named query makes for one field.
    package struct NamedCondition: Sendable, Hashable {
        /// One of `SourcesConfiguration.operators`.
        package let `operator`: String
        /// A list for `IN` and `NOT IN`, else a scalar; may be `"min"` or `"max"`.
        package let value: JSONValue
    }

    /// The section of one plugin.
    package struct Catalog: Sendable, Hashable {
        /// The key of the section, such as `models`.
        package let configKey: String
        /// The contract name of the plugin, such as `model`.
        package let plugin: String
        /// In the order in which the ids first appeared.
        package internal(set) var sources: [SourceDefinition] = []
        /// Descriptions of source labels, or nil if the section does not give any.
        package internal(set) var labels: [JSONObject]?
        /// Conditions by query name and field.
        package internal(set) var namedQueries: [String: [String: NamedCondition]] = [:]

        /// The source with this id, or nil.
        package func source(_ id: String) -> SourceDefinition? { sources.first { $0.id == id } }
    }

    /// The operators that a named query may use.
    package static let operators = [
        "=", "!=", ">", "<", ">=", "<=", "LIKE", "ILIKE", "IN", "NOT IN",
    ]
    /// The only supported value of `apiVersion`.
    package static let supportedVersion = "catalog/v1alpha1"
    /// The only supported value of `kind`.
    package static let supportedKind = "CatalogSources"

    /// Empty if not given.
    package internal(set) var apiVersion = ""
    /// Empty if not given.
    package internal(set) var kind = ""
    /// In the order in which the sections first appeared.
    package internal(set) var catalogs: [Catalog] = []

    /// A configuration without any source.
    package init() {}

    /// The section with this configuration key, or nil.
    package func catalog(configKey: String) -> Catalog? {
        catalogs.first { $0.configKey == configKey }
    }

    /// The section of the plugin with this contract name, or nil.
    package func catalog(plugin: String) -> Catalog? { catalogs.first { $0.plugin == plugin } }

    /// All sources in file order.
    package var sources: [SourceDefinition] { catalogs.flatMap(\.sources) }

    /// This configuration with everything that a later file gives laid over it.
    ///
    /// Sources merge by id and field, labels are replaced if present, named queries merge by
    /// query and field.
    package func merged(with later: SourcesConfiguration) -> SourcesConfiguration {
        var result = self
        if !later.apiVersion.isEmpty { result.apiVersion = later.apiVersion }
        if !later.kind.isEmpty { result.kind = later.kind }
        for section in later.catalogs {
            if let index = result.catalogs.firstIndex(where: { $0.configKey == section.configKey })
            {
                result.catalogs[index].merge(section)
            } else {
                result.catalogs.append(section)
            }
        }
        return result
    }

    /// Throws `.missingField` for each source that still lacks a name or a type after merging.
    package func checkComplete() throws(LoadError) {
        var problems: [LoadError.Problem] = []
        for source in sources {
            for (field, value) in [("name", source.name), ("type", source.type)]
            where value.isEmpty {
                problems.append(
                    LoadError.Problem(
                        .missingField, file: source.file ?? "sources", at: source.position,
                        "source \"\(source.id)\": \(field) is required"))
            }
        }
        if !problems.isEmpty { throw LoadError(problems: problems) }
    }
}

extension SourcesConfiguration.Catalog {
    fileprivate mutating func merge(_ later: SourcesConfiguration.Catalog) {
        for source in later.sources {
            if let index = sources.firstIndex(where: { $0.id == source.id }) {
                sources[index] = sources[index].merged(with: source)
            } else {
                sources.append(source)
            }
        }
        if let labels = later.labels { self.labels = labels }
        for (query, conditions) in later.namedQueries {
            namedQueries[query, default: [:]].merge(conditions) { $1 }
        }
    }
}
