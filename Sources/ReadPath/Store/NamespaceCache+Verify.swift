import CatalogModel
import LMDB

extension NamespaceCache {
    /// Reads every byte that could be served and checks it; throws `.damaged` at the first wrong one.
    ///
    /// Checks each record's checksum, each collection's digest and count, and that the indexes hold
    /// exactly the entries that the records call for. Runs at the speed of memory. A broken page can
    /// make LMDB itself crash, so files of an earlier process are verified in a process of their own.
    package func verify() throws(ReadError) {
        guard try header() != nil else { throw ReadError(.damaged, "there is no header") }
        try environment.read(throwing: ReadError.self) { transaction throws(ReadError) in
            for kind in self.kinds.entries {
                guard let state = try self.state(of: kind, in: transaction) else { continue }
                var sums = CollectionSums(kind: kind)
                try self.sumEntities(of: kind, &sums, in: transaction)
                try self.sumIndexes(of: kind, &sums, in: transaction)
                guard sums.digest == state.digest, sums.count == state.entityCount else {
                    throw ReadError(.damaged, "\(kind.kind.kind): digest or count differs")
                }
                try self.sumPlaces(of: kind, &sums, in: transaction)
                guard sums.indexEntries == 0, sums.indexHash == 0, sums.places == 0,
                    sums.placeHash == 0
                else {
                    throw ReadError(.damaged, "\(kind.kind.kind): indexes differ from the records")
                }
            }
        }
    }

    private func sumEntities(
        of kind: KindTable.Entry, _ sums: inout CollectionSums,
        in transaction: borrowing ReadTransaction
    ) throws(ReadError) {
        let prefix = StoreLayout.collectionPrefix(kind.number)
        try transaction.withCursor(in: tables(of: kind).entities, throwing: ReadError.self) {
            cursor throws(ReadError) in
            try cursor.forEachEntry(withPrefix: prefix, descending: false) {
                key, record throws(ReadError) in
                try sums.add(key, record)
                return true
            }
        }
    }

    private func sumIndexes(
        of kind: KindTable.Entry, _ sums: inout CollectionSums,
        in transaction: borrowing ReadTransaction
    ) throws(ReadError) {
        let prefix = StoreLayout.collectionPrefix(kind.number)
        try transaction.withCursor(in: tables(of: kind).indexes, throwing: ReadError.self) {
            cursor throws(ReadError) in
            try cursor.forEachEntry(withPrefix: prefix, descending: false) {
                key, value throws(ReadError) in
                sums.removeIndexEntry(key, value)
                return true
            }
        }
    }

    private func sumPlaces(
        of kind: KindTable.Entry, _ sums: inout CollectionSums,
        in transaction: borrowing ReadTransaction
    ) throws(ReadError) {
        try transaction.withCursor(in: tables(of: kind).places, throwing: ReadError.self) {
            cursor throws(ReadError) in
            try cursor.forEachEntry(in: .everything, descending: false) {
                id, nameKey throws(ReadError) in
                sums.removePlace(id, nameKey)
                return true
            }
        }
    }
}

/// What the records of a collection add up to, and what is missing in the indexes.
private struct CollectionSums {
    private let kind: KindTable.Entry
    private let view: RecordView
    var digest: UInt64 = 0
    var count = 0
    var indexEntries = 0
    var indexHash: UInt64 = 0
    var places = 0
    var placeHash: UInt64 = 0

    init(kind: KindTable.Entry) {
        self.kind = kind
        view = RecordView(kind: kind)
    }

    mutating func add(
        _ key: borrowing Span<UInt8>, _ record: borrowing Span<UInt8>
    ) throws(ReadError) {
        try view.load(record)
        let nameKey = SortKey.nameKey(view.name)
        let expected = StoreLayout.entityKey(kind.number, nameKey: nameKey, id: view.id)
        guard view.isIntact(), Self.hash(key) == Self.hash(expected.span) else {
            throw ReadError(.damaged, "\(kind.kind.kind): a record's checksum does not match")
        }
        digest ^= view.digest
        count += 1
        let fields = view.allFields()
        let id = StoreLayout.idBytes(view.id)
        placeHash ^= Self.hash(id.span, nameKey.span)
        places += 1
        for number in kind.indexedFields {
            let key = NamespaceCache.indexKey(kind, number, fields[number])
            indexHash ^= Self.hash(key.span, id.span)
            indexEntries += 1
        }
    }

    mutating func removePlace(_ id: borrowing Span<UInt8>, _ nameKey: borrowing Span<UInt8>) {
        placeHash ^= Self.hash(id, nameKey)
        places -= 1
    }

    mutating func removeIndexEntry(_ key: borrowing Span<UInt8>, _ value: borrowing Span<UInt8>) {
        indexHash ^= Self.hash(key, value)
        indexEntries -= 1
    }

    private static func hash(_ key: borrowing Span<UInt8>) -> UInt64 {
        var hash = ByteHash(seed: 2)
        hash.combine(key)
        return hash.value
    }

    private static func hash(
        _ key: borrowing Span<UInt8>, _ value: borrowing Span<UInt8>
    ) -> UInt64 {
        var hash = ByteHash(seed: 3)
        hash.combine(key)
        hash.combine(value)
        return hash.value
    }
}
