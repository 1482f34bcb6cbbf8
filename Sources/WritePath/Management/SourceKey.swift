package import CatalogModel
import Postgres

/// Names one source of one plugin in one namespace.
package struct SourceKey: Hashable, Sendable {
    package let namespace: Namespace
    package let plugin: PluginDefinition
    package let id: String

    /// Names a source, whether there is one or not.
    package init(_ namespace: Namespace, _ plugin: PluginDefinition, _ id: String) {
        self.namespace = namespace
        self.plugin = plugin
        self.id = id
    }

    var parameters: [Parameter] { [.text(namespace.name), .text(plugin.name), .text(id)] }

    /// What a client is told when there is no such source.
    package var notFound: RequestError { .notFound("source \"\(id)\" not found") }
}
