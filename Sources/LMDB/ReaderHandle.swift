import CLMDB

/// Owns a read-only transaction object and its reader slot.
@safe
struct ReaderHandle: ~Copyable {
    // SAFETY: made by mdb_txn_begin, ended only by deinit, so it is valid for the life of this
    // value.
    let raw: OpaquePointer
    // SAFETY: `Limits.keptCursors` places, allocated and initialised in init, freed in deinit,
    // touched only by the thread that holds the reader.
    let kept: UnsafeMutablePointer<KeptCursor>

    /// Takes a reader slot and a snapshot.
    init(environment: OpaquePointer) throws(StorageError) {
        var raw: OpaquePointer?
        let result = unsafe mdb_txn_begin(environment, nil, UInt32(MDB_RDONLY), &raw)
        guard result == MDB_SUCCESS, let raw = unsafe raw else {
            throw StorageError(number: result, operation: "begin read")
        }
        unsafe self.raw = raw
        unsafe kept = .allocate(capacity: Limits.keptCursors)
        unsafe kept.initialize(repeating: KeptCursor(), count: Limits.keptCursors)
    }

    deinit {
        for place in 0..<Limits.keptCursors { unsafe mdb_cursor_close(kept[place].raw) }
        unsafe kept.deallocate()
        unsafe mdb_txn_abort(raw)
    }
}

/// A cursor that a reader keeps between its snapshots, so that a seek allocates nothing.
@safe
struct KeptCursor {
    // SAFETY: opened on the reader that holds it and closed before that reader is freed.
    var raw: OpaquePointer?
    var table = Table(handle: 0)
    var isLent = false
}

/// A reset reader: keeps its slot and memory, holds no snapshot.
struct IdleReader: ~Copyable {
    private let handle: ReaderHandle

    /// Its place in the pool's books.
    let slot: Int

    init(handle: consuming ReaderHandle, slot: Int) {
        self.handle = handle
        self.slot = slot
    }

    /// Takes a fresh snapshot; on failure the reader is freed.
    consuming func renew() throws(StorageError) -> ReadTransaction {
        let result = unsafe mdb_txn_renew(handle.raw)
        guard result == MDB_SUCCESS else {
            throw StorageError(number: result, operation: "renew read")
        }
        return ReadTransaction(handle: handle, slot: slot)
    }
}
