import CatalogModel
import LMDB
import ReadPath

/// The cache of one namespace with many entities of about 1 KB, as a replica would hold it.
final class CacheFixture {
    static let kinds = KindTable(plugins: Plugins.all)

    let cache: NamespaceCache
    let kind: KindTable.Entry
    let count: Int
    private let epoch = Epoch("7d3c8f8e-0b53-4f5e-9a35-5f8b5a3f9a11")
    private var revision = Revision(1)
    private var digests: [UInt64] = []
    private var digest: UInt64 = 0
    private var versions: [Int64]

    init(path: String, count: Int) throws {
        guard let kind = Self.kinds.entry(plugin: "mcp", kind: "McpServer") else {
            preconditionFailure("the kinds know the servers")
        }
        self.kind = kind
        self.count = count
        versions = Array(repeating: 1, count: count)
        cache = try NamespaceCache(
            namespace: .default, path: path, kinds: Self.kinds, bootID: "bench")
        try cache.reset(to: head)
        try cache.beginCopy(of: kind)
        for start in stride(from: 0, to: count, by: ReadLimits.loadBatchRows) {
            let rows = (start..<min(start + ReadLimits.loadBatchRows, count)).map { row($0) }
            for row in rows {
                let one = EntityDigest.digest(of: row)
                digests.append(one)
                digest ^= one
            }
            try cache.copy(CopyBatch(rows, of: kind))
        }
        revision = revision.next
        let failed = try cache.apply(batch([], after: Revision(1)), installing: [kind.number])
        precondition(failed.isEmpty, "the copy is what the head says")
    }

    /// Changes some entities in one revision, as the feed does.
    func apply(changing numbers: [Int]) throws {
        let after = revision
        revision = revision.next
        let changes = numbers.map { number in
            versions[number] += 1
            let row = row(number)
            let changed = EntityDigest.digest(of: row)
            digest ^= digests[number] ^ changed
            digests[number] = changed
            return Change.put(row)
        }
        let failed = try cache.apply(batch(changes, after: after), installing: [])
        precondition(failed.isEmpty, "the change is what the head says")
    }

    func name(_ number: Int) -> String {
        let digits = String(number)
        return "server-" + String(repeating: "0", count: 7 - digits.count) + digits
    }

    /// One entity; a hundred share a provider, whatever the number of all.
    func row(_ number: Int) -> StoredEntity {
        let name = name(number)
        let text = String(repeating: "description of \(name) ", count: 22)
        let doc =
            #"{"name": "\#(name)", "provider": "provider-\#(number / 100)", "toolCount": "#
            + #"\#(number % 50), "description": "\#(text)", "deploymentMode": "local", "#
            + #""customProperties": {"team": "team-\#(number % 1000)"}}"#
        return StoredEntity(
            key: EntityKey(
                plugin: kind.plugin.name, kind: kind.kind.kind, source: "api", name: name),
            id: Int64(number + 1), version: versions[number], revision: revision,
            createdAtMs: 1_700_000_000_000, updatedAtMs: 1_700_000_000_000, doc: Array(doc.utf8))
    }

    private var head: NamespaceHead {
        NamespaceHead(namespace: .default, epoch: epoch, revision: revision, digest: digest)
    }

    private func batch(_ changes: [Change], after: Revision) -> ChangeBatch {
        ChangeBatch(
            head: head, after: after, changes: changes,
            collections: [
                CollectionHead(
                    plugin: kind.plugin.name, kind: kind.kind.kind, revision: revision,
                    digest: digest, entityCount: count)
            ])
    }
}
