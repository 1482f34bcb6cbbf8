package import CatalogModel

/// Loads the sources of one type from elsewhere than a file or the configuration.
///
/// A provider keeps every limit of its own: time, sizes, and whom it may ask. It throws, and never
/// returns less than the source holds.
package protocol SourceProvider: Sendable {
    /// The type of the sources that it loads, such as `git`.
    var type: String { get }

    /// Checks the properties without asking anybody; throws every problem found.
    func check(_ definition: SourceDefinition, plugin: PluginDefinition) throws(LoadError)

    /// Everything that the source holds; may take as long as the provider's time limit.
    func load(
        _ definition: SourceDefinition, plugin: PluginDefinition, for purpose: SourcePurpose
    ) async throws(LoadError) -> LoadedSource
}

/// What the entities of a source are loaded for.
package enum SourcePurpose: Sendable, Hashable {
    /// They are stored.
    case refresh
    /// Their names are shown and nothing is kept.
    case preview
}
