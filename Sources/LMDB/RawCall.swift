import CLMDB

/// Calls that readers and writers share, on raw transaction handles.
enum RawCall {
    /// Looks a key up; the result points into the map and is valid as long as the snapshot or, for
    /// a writer, until its next change.
    @unsafe
    static func get(
        _ transaction: OpaquePointer, _ table: Table, _ key: RawSpan
    ) throws(StorageError) -> UnsafeRawBufferPointer? {
        var value = unsafe MDB_val()
        let result = unsafe withKey(key) { key in
            unsafe mdb_get(transaction, table.handle, key, &value)
        }
        switch result {
        case MDB_SUCCESS: return unsafe UnsafeRawBufferPointer(value)
        case MDB_NOTFOUND: return nil
        default: throw StorageError(number: result, operation: "get")
        }
    }

    /// Counts the entries of a table.
    @unsafe
    static func entryCount(
        _ transaction: OpaquePointer, _ table: Table
    ) throws(StorageError) -> Int {
        var statistics = MDB_stat()
        let result = unsafe mdb_stat(transaction, table.handle, &statistics)
        guard result == MDB_SUCCESS else {
            throw StorageError(number: result, operation: "count")
        }
        return statistics.ms_entries
    }

    /// Hands a key over in the library's form; the library never writes through it.
    @unsafe
    static func withKey<R>(
        _ key: RawSpan, _ body: (UnsafeMutablePointer<MDB_val>) -> R
    ) -> R {
        unsafe key.withUnsafeBytes { bytes in
            var value = unsafe MDB_val(
                mv_size: bytes.count, mv_data: UnsafeMutableRawPointer(mutating: bytes.baseAddress))
            return unsafe withUnsafeMutablePointer(to: &value) { unsafe body($0) }
        }
    }
}

extension UnsafeRawBufferPointer {
    /// The bytes that a value of the library describes.
    @unsafe
    init(_ value: MDB_val) {
        unsafe self.init(start: value.mv_data, count: value.mv_size)
    }
}
