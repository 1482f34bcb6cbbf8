import CatalogModel
import Testing

@testable import ReadPath

@Suite("Parts of a copy")
struct CopyBatchTests {
    private func row(_ id: Int64, _ name: String, provider: String) -> StoredEntity {
        StoredEntity(
            key: EntityKey(
                plugin: Kind.mcp.plugin.name, kind: Kind.mcp.kind.kind, source: "s", name: name),
            id: id, version: 1, revision: Revision(UInt64(id)), createdAtMs: id % 7, updatedAtMs: 2,
            doc: Array(
                #"{"name":"\#(name)","provider":"\#(provider)","toolCount":\#(id % 5)}"#.utf8))
    }

    /// Rows in no order, with names that differ in case only and far more providers than are usual.
    private var rows: [StoredEntity] {
        (0..<1_200).map { number in
            let id = Int64((number * 7_919) % 1_200)
            let name = number.isMultiple(of: 2) ? "Name-\(id)" : "name-\(id)"
            return row(id, name, provider: id.isMultiple(of: 3) ? "same" : "p\(id)")
        }
    }

    @Test("its records are those of single writes, in the order of their keys")
    func records() throws {
        let rows = rows
        let batch = CopyBatch(rows, of: Kind.mcp)
        #expect(batch.rows.map(\.id) == rows.map(\.id))
        for (row, part) in zip(rows, batch.rows) {
            let built = CacheRecord.build(row, kind: Kind.mcp)
            #expect(Array(batch.records[part.record]) == built.bytes)
            #expect(Array(batch.nameKeys[part.nameKey]) == built.nameKey)
            #expect(part.digest == built.digest)
        }
        let keys = batch.byName.map { position in
            let part = batch.rows[position]
            return StoreLayout.entityKey(
                Kind.mcp.number, nameKey: Array(batch.nameKeys[part.nameKey]), id: part.id)
        }
        #expect(keys.count == rows.count)
        #expect(zip(keys, keys.dropFirst()).allSatisfy { $0.lexicographicallyPrecedes($1) })
        #expect(batch.byID.map { batch.rows[$0].id } == rows.map(\.id).sorted())
    }

    @Test("its index entries are those of single writes, each key once")
    func index() throws {
        let rows = rows
        var expected: [[UInt8]: [Int64]] = [:]
        for row in rows.sorted(by: { $0.id < $1.id }) {
            let built = CacheRecord.build(row, kind: Kind.mcp)
            for (field, value) in zip(Kind.mcp.indexedFields, built.indexed) {
                expected[NamespaceCache.indexKey(Kind.mcp, field, value), default: []].append(
                    row.id)
            }
        }
        let index = CopyBatch(rows, of: Kind.mcp).index
        #expect(index.groups.count == expected.count && expected.count > 800)
        var last: [UInt8] = []
        for group in index.groups {
            let key = Array(index.keys[group.key])
            #expect(last.lexicographicallyPrecedes(key))
            let ids = expected[key]?.flatMap(StoreLayout.idBytes)
            #expect(Array(index.ids[group.ids]) == ids)
            last = key
        }
    }
}
