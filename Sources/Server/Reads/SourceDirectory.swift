import CatalogModel
import ReadPath
import Synchronization

/// What reads need to know of the configured sources: which comes first, and their labels.
final class SourceDirectory: Sendable {
    /// One configured source.
    struct Source: Sendable, Hashable {
        let plugin: String
        let id: String
        let labels: [String]
        let isEnabled: Bool
    }

    private struct State: Sendable {
        var sources: [Source] = []
        var precedence = SourcePrecedence()
    }

    /// The labels and named queries of the configuration.
    let sections = PluginSections()
    private let state = Mutex(State())

    /// Takes over the configured sources in the order of the configuration.
    func replace(with sources: [Source]) {
        let order = Dictionary(grouping: sources, by: \.plugin).mapValues { $0.map(\.id) }
        let precedence = SourcePrecedence(order)
        state.withLock { $0 = State(sources: sources, precedence: precedence) }
    }

    var precedence: SourcePrecedence { state.withLock { $0.precedence } }

    /// The enabled sources of a plugin with one of the labels, in any case; `null` stands for
    /// sources without labels.
    func ids(labelled labels: [String], plugin: String) -> Set<String> {
        let wanted = Set(labels.map { Fold.fold($0) })
        let sources = state.withLock { $0.sources }
        return Set(
            sources.lazy.filter { source in
                guard source.plugin == plugin, source.isEnabled else { return false }
                if source.labels.isEmpty { return wanted.contains("null") }
                return source.labels.contains { wanted.contains(Fold.fold($0)) }
            }.map(\.id))
    }
}
