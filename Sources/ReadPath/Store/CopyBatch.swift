package import CatalogModel

/// Rows of one collection, rendered as the cache stores them and ready to be written.
///
/// Rendering costs more than writing, so that it is done away from the thread that writes. All
/// records lie in one piece, and so do all keys: a batch is a few allocations, not a few per row.
package struct CopyBatch: Sendable {
    /// Where the parts of a row lie.
    struct Row: Sendable {
        let id: Int64
        let digest: UInt64
        let record: Range<Int>
        let nameKey: Range<Int>
    }

    let kind: KindTable.Entry
    let rows: [Row]
    let records: [UInt8]
    let nameKeys: [UInt8]
    /// The positions of the rows in the order of their keys, and in that of their ids.
    let byName: [Int]
    let byID: [Int]
    let index: IndexGroups

    package init(_ entities: some Collection<StoredEntity>, of kind: KindTable.Entry) {
        self.kind = kind
        var builder = RecordBuilder(kind)
        var rows: [Row] = []
        rows.reserveCapacity(entities.count)
        var records: [UInt8] = []
        let documentBytes = entities.reduce(0) { $0 + $1.doc.count }
        records.reserveCapacity(
            builder.roughBytes(rows: entities.count, documentBytes: documentBytes))
        var nameKeys: [UInt8] = []
        var indexed: [FieldValue] = []
        indexed.reserveCapacity(entities.count * kind.indexedFields.count)
        for entity in entities {
            let (record, nameKey) = (records.count, nameKeys.count)
            let digest = builder.append(entity, to: &records, indexed: &indexed)
            SortKey.appendNameKey(entity.key.name, to: &nameKeys)
            rows.append(
                Row(
                    id: entity.id, digest: digest, record: record..<records.count,
                    nameKey: nameKey..<nameKeys.count))
        }
        byName = Self.ordered(rows) { Self.precedes($0, $1, in: nameKeys) }
        byID = Self.ordered(rows) { $0.id < $1.id }
        index = IndexGroups(indexed, of: rows, order: byID, kind)
        (self.rows, self.records, self.nameKeys) = (rows, records, nameKeys)
    }

    /// Rows mostly come in order; then nothing is sorted.
    private static func ordered(_ rows: [Row], by precedes: (Row, Row) -> Bool) -> [Int] {
        let isOrdered = rows.indices.dropFirst().allSatisfy { !precedes(rows[$0], rows[$0 - 1]) }
        guard !isOrdered else { return Array(rows.indices) }
        return rows.indices.sorted { precedes(rows[$0], rows[$1]) }
    }

    private static func precedes(_ left: Row, _ right: Row, in nameKeys: [UInt8]) -> Bool {
        let count = min(left.nameKey.count, right.nameKey.count)
        let bytes = nameKeys.span
        for offset in 0..<count {
            let byte = bytes[left.nameKey.lowerBound + offset]
            let other = bytes[right.nameKey.lowerBound + offset]
            if byte != other { return byte < other }
        }
        // No name key is the beginning of another one.
        return left.id < right.id
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
