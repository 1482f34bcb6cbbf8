package import CatalogModel
package import Postgres

/// Reads what clients are shown of a source beyond its definition.
package struct SourceContent: Sendable {
    private let thread: Reactor

    /// Takes a reactor that runs no connections, because the file system blocks.
    package init(thread: Reactor) {
        self.thread = thread
    }

    /// The text of the file of a `yaml` source that the operator's file defined; nil for any other.
    ///
    /// Models are not shown that way, for their files are large. A file that this replica cannot
    /// read is not shown either.
    package func text(of definition: SourceDefinition, _ plugin: PluginDefinition) async -> String?
    {
        guard definition.type == "yaml", !plugin.hasArtifacts, definition.originDirectory != nil,
            (definition.properties["content"] ?? .null) == .null
        else { return nil }
        return await withTaskExecutorPreference(thread) {
            await Self.read(definition, plugin)
        }
    }

    @concurrent
    private static func read(
        _ definition: SourceDefinition, _ plugin: PluginDefinition
    ) async -> String? {
        try? SourceSettings(definition, plugin: plugin).text(within: nil).text
    }
}
