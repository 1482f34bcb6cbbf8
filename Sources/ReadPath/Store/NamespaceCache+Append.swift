import CatalogModel
import LMDB

/// The rows of a copy, written in the order of the keys.
///
/// A page that grows at its end by appending stays full; one that is split in the middle is left
/// half empty. So each table gets its entries sorted, and appended as long as they follow what is
/// there already.
extension NamespaceCache {
    func append(
        _ batch: CopyBatch, _ state: inout CollectionState, in transaction: inout WriteTransaction
    ) throws(ReadError) {
        do throws(StorageError) {
            try appendEntities(batch, in: &transaction)
            try appendPlaces(batch, in: &transaction)
            try appendIndex(batch, in: &transaction)
        } catch {
            throw ReadError(error)
        }
        for row in batch.rows { state.digest ^= row.digest }
        state.recordBytes += batch.records.count
        state.entityCount += batch.rows.count
    }

    private func appendEntities(
        _ batch: CopyBatch, in transaction: inout WriteTransaction
    ) throws(StorageError) {
        let table = tables(of: batch.kind).entities
        var run = AppendRun()
        var key: [UInt8] = []
        for position in batch.byName {
            let row = batch.rows[position]
            StoreLayout.setEntityKey(
                batch.kind.number, nameKey: batch.nameKeys.span.extracting(row.nameKey),
                id: row.id, in: &key)
            let record = batch.records.span.extracting(row.record)
            try run.put(record, key.span, table, in: &transaction)
        }
    }

    private func appendPlaces(
        _ batch: CopyBatch, in transaction: inout WriteTransaction
    ) throws(StorageError) {
        let table = tables(of: batch.kind).places
        var run = AppendRun()
        var id: [UInt8] = []
        for position in batch.byID {
            let row = batch.rows[position]
            StoreLayout.setID(row.id, in: &id)
            let nameKey = batch.nameKeys.span.extracting(row.nameKey)
            try run.put(nameKey, id.span, table, in: &transaction)
        }
    }

    private func appendIndex(
        _ batch: CopyBatch, in transaction: inout WriteTransaction
    ) throws(StorageError) {
        let (keys, ids) = (batch.index.keys, batch.index.ids)
        let groups = batch.index.groups
        try transaction.withCursor(in: tables(of: batch.kind).indexes) {
            cursor throws(StorageError) in
            for group in groups {
                let key = keys.span.extracting(group.key).rawBytes
                let values = ids.span.extracting(group.ids).rawBytes
                do throws(StorageError) {
                    try cursor.put(
                        values, each: IndexGroups.idBytes, for: key, options: .appendDuplicate)
                } catch {
                    guard error.code == .keyExists else { throw error }
                    try cursor.put(values, each: IndexGroups.idBytes, for: key)
                }
            }
        }
    }
}

/// Ascending entries of one table: appended until one does not follow what the table holds.
private struct AppendRun {
    private var appends = true

    mutating func put(
        _ value: Span<UInt8>, _ key: Span<UInt8>, _ table: Table,
        in transaction: inout WriteTransaction
    ) throws(StorageError) {
        if appends {
            do throws(StorageError) {
                return try transaction.put(value, for: key, in: table, options: .append)
            } catch {
                guard error.code == .keyExists else { throw error }
                appends = false
            }
        }
        try transaction.put(value, for: key, in: table)
    }
}
