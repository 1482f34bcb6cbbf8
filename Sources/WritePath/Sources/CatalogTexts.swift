package import CatalogModel
package import Postgres

/// Makes entities of the catalog texts that a provider has fetched, on a thread that may be busy.
package struct CatalogTexts: Sendable {
    /// One text and the name under which its problems are reported.
    package struct Text: Sendable {
        package let name: String
        package let bytes: [UInt8]

        /// Names what was fetched.
        package init(name: String, bytes: [UInt8]) {
            self.name = name
            self.bytes = bytes
        }
    }

    private let thread: Reactor

    /// Takes a reactor that runs no connections, because parsing takes its time.
    package init(thread: Reactor) {
        self.thread = thread
    }

    /// The entities of all texts together that the source's patterns select, all or nothing.
    ///
    /// Throws every problem of the first text that has one, or a name that two texts give.
    package func load(
        _ texts: [Text], of definition: SourceDefinition, plugin: PluginDefinition
    ) async throws(LoadError) -> LoadedSource {
        let outcome = await withTaskExecutorPreference(thread) {
            await Self.read(texts, definition, plugin)
        }
        return try outcome.get()
    }

    @concurrent
    private static func read(
        _ texts: [Text], _ definition: SourceDefinition, _ plugin: PluginDefinition
    ) async -> Result<LoadedSource, LoadError> {
        do throws(LoadError) {
            return .success(try merged(texts, definition, plugin))
        } catch {
            return .failure(error)
        }
    }

    private static func merged(
        _ texts: [Text], _ definition: SourceDefinition, _ plugin: PluginDefinition
    ) throws(LoadError) -> LoadedSource {
        let selection = try ProviderSettings(definition).selection()
        var entities: [LoadedEntity] = []
        var files: [String: String] = [:]
        for text in texts {
            guard let content = String(validating: text.bytes, as: UTF8.self) else {
                throw LoadError(.unreadable, file: text.name, "the text is not valid UTF-8")
            }
            let loaded = try YAMLSource.parse(content, file: text.name, plugin: plugin)
            for entity in loaded.entities {
                if let first = files.updateValue(text.name, forKey: "\(entity.kind)/\(entity.name)")
                {
                    throw LoadError(
                        .duplicateName, file: text.name, at: entity.position,
                        "\"\(entity.name)\" was already given in \(first)")
                }
                if selection.includes(entity.name) { entities.append(entity) }
            }
        }
        return LoadedSource(entities: entities, warnings: [])
    }
}
