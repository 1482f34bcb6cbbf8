import CLMDB
import Synchronization

extension Environment {
    /// Opens a named table once; later calls are a dictionary lookup.
    ///
    /// Throws `.notFound` when it does not exist and `create` is false, `.tablesFull` beyond
    /// `maxTables`. Reads that began before the first opening do not know the table. Not inside a
    /// `write`.
    @available(*, noasync)
    package func table(_ name: String, create: Bool) throws(StorageError) -> Table {
        if let known = tables.withLock({ $0[name] }) { return known }
        let table = try write { transaction throws(StorageError) in
            try transaction.openTable(name, create: create)
        }
        tables.withLock { $0[name] = table }
        return table
    }

    /// Opens named tables in one transaction and remembers them; those with duplicates hold several
    /// values of one fixed size under a key, in their order.
    ///
    /// Throws as `table` does. Not inside a `write`.
    @available(*, noasync)
    package func openTables(
        _ wanted: [(name: String, hasDuplicates: Bool)]
    ) throws(StorageError) -> [Table] {
        let opened = try write { transaction throws(StorageError) in
            var opened: [Table] = []
            for (name, hasDuplicates) in wanted {
                opened.append(
                    try transaction.openTable(name, create: true, hasDuplicates: hasDuplicates))
            }
            return opened
        }
        tables.withLock { tables in
            for (table, wanted) in zip(opened, wanted) { tables[wanted.name] = table }
        }
        return opened
    }

    /// Removes a named table with all it holds; its `Table` values must not be used any more.
    ///
    /// Waits for running reads like a resize, because the library frees the handle at once. An
    /// unknown name does nothing. Not inside a `write`.
    @available(*, noasync)
    package func dropTable(_ name: String) throws(StorageError) {
        let table: Table
        do throws(StorageError) {
            table = try self.table(name, create: false)
        } catch {
            guard error.code == .notFound else { throw error }
            return
        }
        lockWriter()
        defer { unlockWriter() }
        try demandOpen("drop table")
        try readers.withoutReaders(
            waitMs: Limits.gateWaitMs, attempts: Limits.gateAttempts
        ) { () throws(StorageError) in
            var transaction = try WriteTransaction(environment: self)
            tables.withLock { _ = $0.removeValue(forKey: name) }
            try transaction.drop(table)
            try transaction.commit()
        }
    }
}
