package import CatalogModel

/// Rows of one collection, rendered as the cache stores them and ready to be written.
///
/// Rendering costs more than writing, so that it is done away from the thread that writes.
package struct CopyBatch: Sendable {
    let kind: KindTable.Entry
    let records: [(row: StoredEntity, record: CacheRecord.Built)]
    /// The keys of the entities, ascending, each with the position of its record.
    let entities: [(key: [UInt8], record: Int)]
    /// The positions of the records in the order of their ids.
    let byID: [Int]
    /// What goes into the indexes: keys with their ids, both ascending.
    let indexEntries: [(key: [UInt8], ids: [[UInt8]])]

    package init(_ rows: some Sequence<StoredEntity>, of kind: KindTable.Entry) {
        self.kind = kind
        let records = rows.map { ($0, CacheRecord.build($0, kind: kind)) }
        self.records = records
        entities = records.indices.map { index in
            let (row, record) = records[index]
            return (StoreLayout.entityKey(kind.number, nameKey: record.nameKey, id: row.id), index)
        }.sorted { $0.key.lexicographicallyPrecedes($1.key) }
        byID = records.indices.sorted { records[$0].0.id < records[$1].0.id }
        var ids: [[UInt8]: [[UInt8]]] = [:]
        for index in byID {
            let (row, record) = records[index]
            let id = StoreLayout.idBytes(row.id)
            for field in kind.indexedFields {
                let key = NamespaceCache.indexKey(kind, field, record.fields[field])
                ids[key, default: []].append(id)
            }
        }
        indexEntries = ids.map { ($0.key, $0.value) }
            .sorted { $0.key.lexicographicallyPrecedes($1.key) }
    }

    /// Cuts rows into parts that one short transaction can write each.
    package static func slices(
        _ rows: [StoredEntity], maxRows: Int = ReadLimits.loadBatchRows,
        maxBytes: Int = ReadLimits.loadBatchBytes
    ) -> [ArraySlice<StoredEntity>] {
        var slices: [ArraySlice<StoredEntity>] = []
        var start = rows.startIndex
        var bytes = 0
        for index in rows.indices {
            let size = rows[index].doc.count
            if index > start, bytes + size > maxBytes || index - start == maxRows {
                slices.append(rows[start..<index])
                (start, bytes) = (index, 0)
            }
            bytes += size
        }
        if start < rows.endIndex { slices.append(rows[start...]) }
        return slices
    }
}
