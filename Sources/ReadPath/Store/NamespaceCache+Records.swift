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
            let tables = tables(of: kind)
            let id = StoreLayout.idBytes(entity.id)
            try transaction.put(record.bytes, for: key, in: tables.entities)
            try transaction.put(record.nameKey, for: id, in: tables.places)
            for (number, value) in zip(kind.indexedFields, record.indexed) {
                let key = Self.indexKey(kind, number, value)
                try transaction.put(id, for: key, in: tables.indexes)
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
        let tables = tables(of: kind)
        try transaction.withCursor(in: tables.entities, throwing: ReadError.self) {
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
            _ = try transaction.delete(entityKey, in: tables.entities)
            let fields = view.allFields()
            let id = StoreLayout.idBytes(view.id)
            _ = try transaction.delete(id, in: tables.places)
            for number in kind.indexedFields {
                let key = Self.indexKey(kind, number, fields[number])
                _ = try transaction.delete(
                    key.span.rawBytes, value: id.span.rawBytes, in: tables.indexes)
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
        let tables = tables(of: kind)
        do throws(StorageError) {
            try transaction.clear(tables.entities)
            try transaction.clear(tables.places)
            try transaction.clear(tables.indexes)
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

    func put(
        _ lineage: Lineage, in transaction: inout WriteTransaction
    ) throws(ReadError) {
        guard lineage != .none else { return }
        do throws(StorageError) {
            try transaction.put(Array(lineage.text.utf8), for: StoreLayout.lineageKey, in: meta)
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
        _ kind: KindTable.Entry, _ field: Int, _ value: FieldValue
    ) -> [UInt8] {
        StoreLayout.indexKey(kind.number, field: field, value: value)
    }
}
