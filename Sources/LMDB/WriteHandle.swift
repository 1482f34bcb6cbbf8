import CLMDB

/// Owns a write transaction of the library until it is committed or aborted.
@safe
struct WriteHandle: ~Copyable {
    // SAFETY: made by mdb_txn_begin; ended by `commit`, which discards self, or by deinit, never
    // both.
    let raw: OpaquePointer

    init(environment: OpaquePointer) throws(StorageError) {
        var raw: OpaquePointer?
        let result = unsafe mdb_txn_begin(environment, nil, 0, &raw)
        guard result == MDB_SUCCESS, let raw = unsafe raw else {
            throw StorageError(number: result, operation: "begin write")
        }
        unsafe self.raw = raw
    }

    deinit {
        unsafe mdb_txn_abort(raw)
    }

    /// Commits; the library frees the transaction also when it fails.
    consuming func commit() -> Int32 {
        let raw = unsafe self.raw
        discard self
        return unsafe mdb_txn_commit(raw)
    }
}
