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
        let tables = tables(of: batch.kind)
        do throws(StorageError) {
            var run = AppendRun()
            for entry in batch.entities {
                let (key, bytes) = (entry.key, batch.records[entry.record].record.bytes)
                try run.put(bytes.span, key.span, tables.entities, .append, in: &transaction)
            }
            run = AppendRun()
            for record in batch.byID {
                let (row, built) = batch.records[record]
                let (id, nameKey) = (StoreLayout.idBytes(row.id), built.nameKey)
                try run.put(nameKey.span, id.span, tables.places, .append, in: &transaction)
            }
            for entry in batch.indexEntries {
                run = AppendRun()
                let key = entry.key
                for number in entry.ids {
                    let id = StoreLayout.idBytes(number)
                    try run.put(
                        id.span, key.span, tables.indexes, .appendDuplicate, in: &transaction)
                }
            }
        } catch {
            throw ReadError(error)
        }
        for (_, record) in batch.records {
            state.digest ^= record.digest
            state.recordBytes += record.bytes.count
        }
        state.entityCount += batch.records.count
    }
}

/// Ascending entries of one table: appended until one does not follow what the table holds.
private struct AppendRun {
    private var appends = true

    mutating func put(
        _ value: Span<UInt8>, _ key: Span<UInt8>, _ table: Table,
        _ option: WriteTransaction.PutOptions, in transaction: inout WriteTransaction
    ) throws(StorageError) {
        if appends {
            do throws(StorageError) {
                return try transaction.put(value, for: key, in: table, options: option)
            } catch {
                guard error.code == .keyExists else { throw error }
                appends = false
            }
        }
        try transaction.put(value, for: key, in: table)
    }
}
