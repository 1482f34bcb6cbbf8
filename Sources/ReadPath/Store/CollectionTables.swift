import CatalogModel
import LMDB

/// The three tables of one collection.
struct CollectionTables: Sendable {
    let entities: Table
    let places: Table
    let indexes: Table
}

extension NamespaceCache {
    /// Opens the tables of all kinds in one transaction; `meta` comes first.
    static func openTables(
        _ kinds: KindTable, in environment: LMDB.Environment
    ) throws(StorageError) -> (meta: Table, collections: [CollectionTables]) {
        var wanted = [(name: StoreLayout.metaTable, hasDuplicates: false)]
        for kind in kinds.entries {
            wanted.append(("e\(kind.number)", false))
            wanted.append(("p\(kind.number)", false))
            wanted.append(("i\(kind.number)", true))
        }
        let opened = try environment.openTables(wanted)
        let collections = kinds.entries.indices.map { index in
            CollectionTables(
                entities: opened[3 * index + 1], places: opened[3 * index + 2],
                indexes: opened[3 * index + 3])
        }
        return (opened[0], collections)
    }

    /// The tables of a kind's collection; one array access.
    func tables(of kind: KindTable.Entry) -> CollectionTables { collections[Int(kind.number)] }
}
