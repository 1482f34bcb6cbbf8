import CatalogModel
import LMDB

/// Single records in a write transaction, each with its index entries and the collection's sums.
extension NamespaceCache {
    func put(
        _ entity: StoredEntity, _ record: CacheRecord.Built, of kind: KindTable.Entry,
        _ state: inout CollectionState, in transaction: inout WriteTransaction
    ) throws(ReadError) {
        do throws(StorageError) {
            let key = StoreLayout.entityKey(
                kind.number, nameKey: record.nameKey, id: entity.id)
            try transaction.put(record.bytes, for: key, in: entities)
            for number in kind.indexedFields {
                let key = Self.indexKey(kind, number, record.fields[number], id: entity.id)
                try transaction.put(record.nameKey, for: key, in: indexes)
            }
        } catch {
            throw ReadError(error)
        }
        state.digest ^= record.digest
        state.entityCount += 1
        state.recordBytes += record.bytes.count
    }

    /// Removes an entity if it is there.
    func remove(
        _ key: EntityKey, of kind: KindTable.Entry, _ state: inout CollectionState,
        in transaction: inout WriteTransaction
    ) throws(ReadError) {
        let nameKey = SortKey.nameKey(key.name)
        let prefix = StoreLayout.namePrefix(kind.number, nameKey: nameKey)
        let view = RecordView(kind: kind)
        var found = false
        try transaction.withCursor(in: entities, throwing: ReadError.self) {
            cursor throws(ReadError) in
            try cursor.forEach(withPrefix: prefix, descending: false) { record throws(ReadError) in
                try view.load(record)
                // Bytes, because texts that look alike are equal as strings and yet different keys.
                found =
                    view.name.utf8.elementsEqual(key.name.utf8)
                    && view.source.utf8.elementsEqual(key.source.utf8)
                return !found
            }
        }
        guard found else { return }
        do throws(StorageError) {
            let entityKey = StoreLayout.entityKey(
                kind.number, nameKey: nameKey, id: view.id)
            _ = try transaction.delete(entityKey, in: entities)
            let fields = view.allFields()
            for number in kind.indexedFields {
                let key = Self.indexKey(kind, number, fields[number], id: view.id)
                _ = try transaction.delete(key, in: indexes)
            }
        } catch {
            throw ReadError(error)
        }
        state.digest ^= view.digest
        state.entityCount -= 1
        state.recordBytes -= view.byteCount
    }

    /// Removes everything of a collection, its state included.
    func clear(
        _ kind: KindTable.Entry, in transaction: inout WriteTransaction
    ) throws(ReadError) {
        let prefix = StoreLayout.collectionPrefix(kind.number)
        do throws(StorageError) {
            for table in [entities, indexes] {
                try transaction.withCursor(in: table) { cursor throws(StorageError) in
                    var found = try cursor.seek(toFirstAtOrAfter: prefix)
                    while found, cursor.keyHasPrefix(prefix.span.rawBytes) {
                        try cursor.deleteCurrent()
                        found = try cursor.next()
                    }
                }
            }
            _ = try transaction.delete(StoreLayout.stateKey(kind.number), in: meta)
        } catch {
            throw ReadError(error)
        }
    }

    func put(
        _ header: StoreHeader, in transaction: inout WriteTransaction
    ) throws(ReadError) {
        do throws(StorageError) {
            try transaction.put(header.encoded(), for: StoreLayout.headerKey, in: meta)
        } catch {
            throw ReadError(error)
        }
    }

    func put(
        _ state: CollectionState, of kind: KindTable.Entry,
        in transaction: inout WriteTransaction
    ) throws(ReadError) {
        do throws(StorageError) {
            try transaction.put(state.encoded(), for: StoreLayout.stateKey(kind.number), in: meta)
        } catch {
            throw ReadError(error)
        }
    }

    func header(in transaction: inout WriteTransaction) throws(ReadError) -> StoreHeader? {
        let value: RawSpan?
        do throws(StorageError) {
            value = try transaction.value(for: StoreLayout.headerKey, in: meta)
        } catch {
            throw ReadError(error)
        }
        guard let value else { return nil }
        return try StoreHeader.decode(Span<UInt8>(_bytes: value))
    }

    func state(
        of kind: KindTable.Entry, in transaction: inout WriteTransaction
    ) throws(ReadError) -> CollectionState? {
        let value: RawSpan?
        do throws(StorageError) {
            value = try transaction.value(for: StoreLayout.stateKey(kind.number), in: meta)
        } catch {
            throw ReadError(error)
        }
        guard let value else { return nil }
        return try CollectionState.decode(Span<UInt8>(_bytes: value))
    }

    static func indexKey(
        _ kind: KindTable.Entry, _ field: Int, _ value: FieldValue, id: Int64
    ) -> [UInt8] {
        StoreLayout.indexKey(kind.number, field: field, value: SortKey(value), id: id)
    }
}
