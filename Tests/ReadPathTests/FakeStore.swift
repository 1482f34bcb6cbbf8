import CatalogModel

@testable import ReadPath

/// What the store would hold and say: rows, revisions, digests, and the log of changed keys.
struct FakeStore {
    var namespace: Namespace = .default
    var epoch = Epoch("7d3c8f8e-0b53-4f5e-9a35-5f8b5a3f9a11")
    var lineage = Lineage.none
    private(set) var revision = Revision(1)
    /// By the bytes of the key: texts that look alike are different keys.
    private var rows: [[UInt8]: StoredEntity] = [:]
    private var log: [(revision: Revision, key: EntityKey)] = []
    private var nextID: Int64 = 1

    subscript(key: EntityKey) -> StoredEntity? { rows[Array(key.description.utf8)] }

    /// Writes one row as a revision of its own.
    @discardableResult
    mutating func put(_ key: EntityKey, _ doc: String, id: Int64? = nil) -> StoredEntity {
        revision = revision.next
        return write(key, Array(doc.utf8), id: id)
    }

    /// Writes some rows in one revision.
    mutating func put(_ batch: [(EntityKey, String)]) {
        revision = revision.next
        for (key, doc) in batch { write(key, Array(doc.utf8), id: nil) }
    }

    mutating func delete(_ key: EntityKey) {
        revision = revision.next
        rows[Array(key.description.utf8)] = nil
        log.append((revision, key))
    }

    @discardableResult
    private mutating func write(_ key: EntityKey, _ doc: [UInt8], id: Int64?) -> StoredEntity {
        let old = self[key]
        let row = StoredEntity(
            key: key, id: old?.id ?? id ?? nextID, version: (old?.version ?? 0) + 1,
            revision: revision, createdAtMs: 1_700_000_000_000 + nextID,
            updatedAtMs: 1_700_000_000_000 + Int64(revision.value), doc: doc)
        nextID = max(nextID, row.id) + 1
        rows[Array(key.description.utf8)] = row
        log.append((revision, key))
        return row
    }

    var head: NamespaceHead {
        NamespaceHead(
            namespace: namespace, epoch: epoch, revision: revision,
            digest: rows.values.reduce(0) { $0 ^ EntityDigest.digest(of: $1) }, lineage: lineage)
    }

    func rows(of kind: KindTable.Entry) -> [StoredEntity] {
        rows.values.filter { $0.key.plugin == kind.plugin.name && $0.key.kind == kind.kind.kind }
    }

    func collections(_ kinds: KindTable) -> [CollectionHead] {
        kinds.entries.compactMap { kind in
            let rows = rows(of: kind)
            let touched = log.last {
                $0.key.plugin == kind.plugin.name && $0.key.kind == kind.kind.kind
            }
            guard let touched else { return nil }
            return CollectionHead(
                plugin: kind.plugin.name, kind: kind.kind.kind, revision: touched.revision,
                digest: rows.reduce(0) { $0 ^ EntityDigest.digest(of: $1) },
                entityCount: rows.count)
        }
    }

    func batch(after: Revision, _ kinds: KindTable) -> ChangeBatch {
        let keys = Dictionary(
            log.filter { $0.revision > after }.map { (Array($0.key.description.utf8), $0.key) },
            uniquingKeysWith: { $1 }
        ).values.sorted()
        let changes = keys.map { key in self[key].map { Change.put($0) } ?? .delete(key) }
        return ChangeBatch(
            head: head, after: after, changes: changes, collections: collections(kinds))
    }
}
