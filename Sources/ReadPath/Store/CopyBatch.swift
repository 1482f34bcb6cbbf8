package import CatalogModel

/// Rows of one collection, rendered as the cache stores them and ready to be written.
///
/// Rendering costs more than writing, so that it is done away from the thread that writes.
package struct CopyBatch: Sendable {
    let kind: KindTable.Entry
    let records: [(row: StoredEntity, record: CacheRecord.Built)]

    package init(_ rows: some Sequence<StoredEntity>, of kind: KindTable.Entry) {
        self.kind = kind
        records = rows.map { ($0, CacheRecord.build($0, kind: kind)) }
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
