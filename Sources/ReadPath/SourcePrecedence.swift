import CatalogModel

/// Which source answers a get by bare name when several hold an entity of that name.
///
/// Sources rank by their place in the configuration; the others, `api` among them, come after in
/// the order of their ids. An immutable value: a change of configuration makes another one.
package struct SourcePrecedence: Sendable, Hashable {
    private let ranks: [String: [String: Int]]

    /// Takes the source ids of each plugin, first one first.
    package init(_ order: [String: [String]] = [:]) {
        ranks = order.mapValues { ids in
            var ranks: [String: Int] = [:]
            for (rank, id) in ids.enumerated() where ranks[id] == nil {
                ranks[id] = rank
            }
            return ranks
        }
    }

    /// Whether `left` answers before `right` for entities of `plugin`.
    package func precedes(_ left: String, _ right: String, plugin: String) -> Bool {
        let plugin = ranks[plugin]
        let leftRank = plugin?[left] ?? Int.max
        let rightRank = plugin?[right] ?? Int.max
        return leftRank == rightRank ? left < right : leftRank < rightRank
    }
}
