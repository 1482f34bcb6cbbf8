import CatalogModel
import Synchronization
import WritePath

/// What the configuration says of each plugin beside its sources; the same for every namespace.
final class PluginSections: Sendable {
    /// One plugin's section.
    struct Section: Sendable {
        /// Descriptions of source labels in the order of the configuration.
        var labels: [JSONObject] = []
        /// Conditions by query and field, names ascending.
        var namedQueries = JSONObject()
    }

    private let sections = Mutex<[String: Section]>([:])

    /// The section of a plugin, empty where the configuration has none.
    subscript(plugin: String) -> Section { sections.withLock { $0[plugin] ?? Section() } }

    /// Takes over what a configuration says.
    func replace(with configuration: SourcesConfiguration) {
        var found: [String: Section] = [:]
        for catalog in configuration.catalogs {
            found[catalog.plugin] = Section(
                labels: catalog.labels ?? [], namedQueries: Self.json(catalog.namedQueries))
        }
        sections.withLock { $0 = found }
    }

    private static func json(
        _ queries: [String: [String: SourcesConfiguration.NamedCondition]]
    ) -> JSONObject {
        var object = JSONObject()
        for (name, conditions) in queries.sorted(by: { $0.key < $1.key }) {
            var fields = JSONObject()
            for (field, condition) in conditions.sorted(by: { $0.key < $1.key }) {
                fields[field] = [
                    "operator": .string(condition.operator), "value": condition.value,
                ]
            }
            object[name] = .object(fields)
        }
        return object
    }
}
