package import CatalogModel
package import Postgres

/// Reads sources on a thread of their own, because parsing and the file system block.
package struct SourceLoader: Sendable {
    /// Below this no file lies, so that sources from elsewhere than the operator's file give content.
    private static let nowhere = "/dev/null"

    private let thread: Reactor
    private let root: String?
    private let providers: [any SourceProvider]

    /// Takes a reactor that runs no connections; it is shared and lives as long as the process.
    ///
    /// `root` is the directory whose files sources may read that the operator's file did not
    /// define; nil lets them have inline content only. `providers` load what is no file.
    package init(thread: Reactor, root: String? = nil, providers: [any SourceProvider] = []) {
        self.thread = thread
        self.root = root
        self.providers = providers
    }

    /// What a source would be refused for before anything elsewhere is asked; throws every problem.
    ///
    /// A file or an inline content is read as a whole.
    package func check(
        _ definition: SourceDefinition, plugin: PluginDefinition
    ) async throws(LoadError) {
        guard let provider = provider(of: definition, plugin) else {
            _ = try await load(definition, plugin: plugin)
            return
        }
        _ = try SyncInterval.of(definition)
        try provider.check(definition, plugin: plugin)
    }

    /// The entities of a source; throws every problem of it.
    package func load(
        _ definition: SourceDefinition, plugin: PluginDefinition,
        for purpose: SourcePurpose = .refresh
    ) async throws(LoadError) -> LoadedSource {
        if let provider = provider(of: definition, plugin) {
            return try await provider.load(definition, plugin: plugin, for: purpose)
        }
        let directory = definition.originDirectory == nil ? root ?? SourceLoader.nowhere : nil
        let outcome = await withTaskExecutorPreference(thread) {
            await SourceLoader.read(definition, plugin, directory)
        }
        return try outcome.get()
    }

    private func provider(
        of definition: SourceDefinition, _ plugin: PluginDefinition
    ) -> (any SourceProvider)? {
        guard plugin.accepts(sourceType: definition.type) else { return nil }
        return providers.first { $0.type == definition.type }
    }

    @concurrent
    private static func read(
        _ definition: SourceDefinition, _ plugin: PluginDefinition, _ directory: String?
    ) async -> Result<LoadedSource, LoadError> {
        do throws(LoadError) {
            return .success(try YAMLSource.load(definition, plugin: plugin, within: directory))
        } catch {
            return .failure(error)
        }
    }
}
