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
    let indexEntries: [(key: [UInt8], ids: [Int64])]

    package init(_ rows: some Sequence<StoredEntity>, of kind: KindTable.Entry) {
        self.kind = kind
        var builder = RecordBuilder(kind)
        let records = rows.map { ($0, builder.build($0)) }
        self.records = records
        entities = records.indices.map { index in
            let (row, record) = records[index]
            return (StoreLayout.entityKey(kind.number, nameKey: record.nameKey, id: row.id), index)
        }.sorted { $0.key.lexicographicallyPrecedes($1.key) }
        byID = records.indices.sorted { records[$0].0.id < records[$1].0.id }
        var groups = IndexGroups(kind)
        for (position, field) in kind.indexedFields.enumerated() {
            for index in byID {
                let (row, record) = records[index]
                groups.add(row.id, field, record.indexed[position], kind)
            }
        }
        indexEntries = groups.sorted()
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

/// Index entries of a part of a copy, those with one key together.
private struct IndexGroups {
    /// A key by a hash that is cheaper than the standard one, for keys that nobody chose to collide.
    private struct Key: Hashable {
        let bytes: [UInt8]

        func hash(into hasher: inout Hasher) {
            var hash = ByteHash(seed: 2)
            hash.combine(bytes.span)
            hasher.combine(hash.value)
        }
    }

    private var entries: [(key: [UInt8], ids: [Int64])] = []
    private var places: [Key: Int] = [:]
    /// The entry that the last value of the last field went to: neighbours are often alike.
    private var last: (field: Int, value: FieldValue, place: Int)?

    /// Makes room for one entity's entries: few rows are the common case of a running feed.
    init(_ kind: KindTable.Entry) {
        entries.reserveCapacity(kind.indexedFields.count)
        places.reserveCapacity(kind.indexedFields.count)
    }

    mutating func add(_ id: Int64, _ field: Int, _ value: FieldValue, _ kind: KindTable.Entry) {
        if let last, last.field == field, Self.isSame(last.value, value) {
            return entries[last.place].ids.append(id)
        }
        let key = NamespaceCache.indexKey(kind, field, value)
        let place: Int
        if let known = places[Key(bytes: key)] {
            place = known
        } else {
            place = entries.count
            places[Key(bytes: key)] = place
            entries.append((key, []))
        }
        entries[place].ids.append(id)
        last = (field, value, place)
    }

    /// Cheap, and false rather than slow: texts may be equal in several spellings.
    private static func isSame(_ left: FieldValue, _ right: FieldValue) -> Bool {
        switch (left, right) {
        case (.missing, .missing): true
        case (.boolean(let left), .boolean(let right)): left == right
        case (.integer(let left), .integer(let right)): left == right
        case (.string(let left), .string(let right)): left.utf8.elementsEqual(right.utf8)
        default: false
        }
    }

    consuming func sorted() -> [(key: [UInt8], ids: [Int64])] {
        entries.sorted { $0.key.lexicographicallyPrecedes($1.key) }
    }
}
