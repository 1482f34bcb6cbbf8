package import CatalogModel
package import Postgres

/// Reads sources on a thread of their own, because parsing and the file system block.
package struct SourceLoader: Sendable {
    /// Below this no file lies, so that sources from elsewhere than the operator's file give content.
    private static let nowhere = "/dev/null"

    private let thread: Reactor
    private let root: String?

    /// Takes a reactor that runs no connections; it is shared and lives as long as the process.
    ///
    /// `root` is the directory whose files sources may read that the operator's file did not
    /// define; nil lets them have inline content only.
    package init(thread: Reactor, root: String? = nil) {
        self.thread = thread
        self.root = root
    }

    /// The entities of a source; throws every problem of it.
    package func load(
        _ definition: SourceDefinition, plugin: PluginDefinition
    ) async throws(LoadError) -> LoadedSource {
        let directory = definition.originDirectory == nil ? root ?? SourceLoader.nowhere : nil
        let outcome = await withTaskExecutorPreference(thread) {
            await SourceLoader.read(definition, plugin, directory)
        }
        return try outcome.get()
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
