import CLMDB

/// An ordered walk over one table inside one transaction.
///
/// `key` and `value` may be read while `hasEntry` is true and are valid until the next move, which
/// the compiler enforces. Every move says whether it found an entry.
@safe
package struct Cursor: ~Copyable {
    // SAFETY: opened in init, closed only by deinit. The cursor is lent to a closure that runs
    // inside the transaction's own scope, so it never outlives the transaction.
    private let raw: OpaquePointer
    private let changes: Environment?
    private let isKept: Bool
    private var keyBytes = unsafe UnsafeRawBufferPointer(start: nil, count: 0)
    private var valueBytes = unsafe UnsafeRawBufferPointer(start: nil, count: 0)

    /// Whether the cursor stands on an entry.
    package private(set) var hasEntry = false

    /// Opens a cursor; `changes` is the environment when the transaction may write.
    @unsafe
    init(
        transaction: OpaquePointer, table: Table, changes: Environment? = nil
    ) throws(StorageError) {
        var opened: OpaquePointer?
        let result = (changes?.faults).around(.openCursor) {
            unsafe mdb_cursor_open(transaction, table.handle, &opened)
        }
        guard result == MDB_SUCCESS, let opened = unsafe opened else {
            throw StorageError(number: result, operation: "open cursor")
        }
        unsafe raw = opened
        self.changes = changes
        isKept = false
    }

    /// Takes the cursor that a reader keeps, opened where there is none for this table.
    @unsafe
    init(
        kept: inout KeptCursor, transaction: OpaquePointer, table: Table
    ) throws(StorageError) {
        if kept.table != table {
            unsafe mdb_cursor_close(kept.raw)
            unsafe kept.raw = nil
            kept.table = table
        }
        let result =
            unsafe kept.raw == nil
            ? unsafe mdb_cursor_open(transaction, table.handle, &kept.raw)
            : unsafe mdb_cursor_renew(transaction, kept.raw)
        guard result == MDB_SUCCESS, let opened = unsafe kept.raw else {
            throw StorageError(number: result, operation: "open cursor")
        }
        unsafe raw = opened
        changes = nil
        isKept = true
    }

    deinit {
        if !isKept { unsafe mdb_cursor_close(raw) }
    }

    /// The key under the cursor.
    package var key: RawSpan {
        @_lifetime(borrow self)
        borrowing get {
            precondition(hasEntry, "the cursor stands on no entry")
            let span = unsafe RawSpan(_unsafeBytes: keyBytes)
            return unsafe _overrideLifetime(span, borrowing: self)
        }
    }

    /// The value under the cursor.
    package var value: RawSpan {
        @_lifetime(borrow self)
        borrowing get {
            precondition(hasEntry, "the cursor stands on no entry")
            let span = unsafe RawSpan(_unsafeBytes: valueBytes)
            return unsafe _overrideLifetime(span, borrowing: self)
        }
    }

    /// Moves to the first entry whose key is `key` or greater.
    @available(*, noasync)
    package mutating func seek(toFirstAtOrAfter key: RawSpan) throws(StorageError) -> Bool {
        try move(MDB_SET_RANGE, to: key)
    }

    /// Moves to the entry of exactly this key.
    @available(*, noasync)
    package mutating func seek(exactly key: RawSpan) throws(StorageError) -> Bool {
        try move(MDB_SET_KEY, to: key)
    }

    /// Moves to the smallest key.
    @available(*, noasync)
    package mutating func first() throws(StorageError) -> Bool {
        try move(MDB_FIRST)
    }

    /// Moves to the greatest key.
    @available(*, noasync)
    package mutating func last() throws(StorageError) -> Bool {
        try move(MDB_LAST)
    }

    /// Moves to the next greater key; on a fresh cursor to the first.
    @available(*, noasync)
    package mutating func next() throws(StorageError) -> Bool {
        try move(MDB_NEXT)
    }

    /// Moves to the next smaller key; on a fresh cursor to the last.
    @available(*, noasync)
    package mutating func previous() throws(StorageError) -> Bool {
        try move(MDB_PREV)
    }

    /// Moves to the next greater key, past the other values of the present one.
    @available(*, noasync)
    package mutating func nextKey() throws(StorageError) -> Bool {
        try move(MDB_NEXT_NODUP)
    }

    /// Moves to a key's first value that is `value` or greater, in a table with duplicates.
    @available(*, noasync)
    package mutating func seek(
        exactly key: RawSpan, toFirstValueAtOrAfter value: RawSpan
    ) throws(StorageError) -> Bool {
        let number = unsafe RawCall.withKey(value) { value in
            unsafe RawCall.withKey(key) { key in
                (changes?.faults).around(.moveCursor) {
                    unsafe mdb_cursor_get(raw, key, value, MDB_GET_BOTH_RANGE)
                }
            }
        }
        hasEntry = false
        guard number != MDB_NOTFOUND else { return false }
        guard number == MDB_SUCCESS else {
            throw StorageError(number: number, operation: "move cursor")
        }
        // The library leaves the caller's key in place here; the entry's own one is asked for.
        return try move(MDB_GET_CURRENT)
    }

    /// How many values the key under the cursor has, in a table with duplicates; constant cost.
    @available(*, noasync)
    package func duplicateCount() throws(StorageError) -> Int {
        precondition(hasEntry, "the cursor stands on no entry")
        var count = 0
        let result = unsafe mdb_cursor_count(raw, &count)
        guard result == MDB_SUCCESS else {
            throw StorageError(number: result, operation: "count duplicates")
        }
        return count
    }

    /// Deletes the entry under the cursor; `next` then moves to its successor.
    @available(*, noasync)
    package mutating func deleteCurrent() throws(StorageError) {
        guard let changes else {
            preconditionFailure("a cursor of a reader cannot delete")
        }
        precondition(hasEntry, "the cursor stands on no entry")
        let result = changes.faults.around(.delete) { unsafe mdb_cursor_del(raw, 0) }
        hasEntry = false
        try changes.check(result, "delete at cursor")
    }

    /// Sets many values of one key, `size` bytes each and side by side, in a table with duplicates.
    ///
    /// One descent to the key for all of them. With `.appendDuplicate` it throws `.keyExists` at the
    /// first that is not greater than those before it; the ones before it are set by then.
    @available(*, noasync)
    package mutating func put(
        _ values: RawSpan, each size: Int, for key: RawSpan,
        options: WriteTransaction.PutOptions = []
    ) throws(StorageError) {
        guard let changes else {
            preconditionFailure("a cursor of a reader cannot write")
        }
        let count = values.byteCount / size
        precondition(count > 0 && values.byteCount == count * size, "values have one size")
        hasEntry = false
        let result = changes.faults.around(.put) {
            unsafe values.withUnsafeBytes { bytes in
                // The second one holds the number of values, and of those that were set.
                var parts = unsafe (
                    MDB_val(
                        mv_size: size, mv_data: UnsafeMutableRawPointer(mutating: bytes.baseAddress)
                    ),
                    MDB_val(mv_size: count, mv_data: nil)
                )
                return unsafe withUnsafeMutablePointer(to: &parts) { parts in
                    unsafe parts.withMemoryRebound(to: MDB_val.self, capacity: 2) { data in
                        unsafe RawCall.withKey(key) { key in
                            unsafe mdb_cursor_put(
                                raw, key, data, options.rawValue | UInt32(MDB_MULTIPLE))
                        }
                    }
                }
            }
        }
        try changes.check(result, "put at cursor")
    }

    private mutating func move(_ operation: MDB_cursor_op) throws(StorageError) -> Bool {
        var key = unsafe MDB_val()
        return unsafe try finish(&key, operation)
    }

    private mutating func move(
        _ operation: MDB_cursor_op, to target: RawSpan
    ) throws(StorageError) -> Bool {
        // The library replaces the key by the one it found, in its own pages.
        var key = unsafe RawCall.withKey(target) { unsafe $0.pointee }
        return unsafe try finish(&key, operation)
    }

    @unsafe
    private mutating func finish(
        _ key: inout MDB_val, _ operation: MDB_cursor_op
    ) throws(StorageError) -> Bool {
        var value = unsafe MDB_val()
        let number = (changes?.faults).around(.moveCursor) {
            unsafe mdb_cursor_get(raw, &key, &value, operation)
        }
        hasEntry = number == MDB_SUCCESS
        guard number == MDB_SUCCESS || number == MDB_NOTFOUND else {
            throw StorageError(number: number, operation: "move cursor")
        }
        guard hasEntry else { return false }
        unsafe keyBytes = UnsafeRawBufferPointer(key)
        unsafe valueBytes = UnsafeRawBufferPointer(value)
        return true
    }
}

extension Cursor {
    /// Moves to the first entry whose key is `key` or greater.
    @available(*, noasync)
    package mutating func seek(
        toFirstAtOrAfter key: borrowing [UInt8]
    ) throws(StorageError) -> Bool {
        try seek(toFirstAtOrAfter: key.span.rawBytes)
    }

    /// Moves to the entry of exactly this key.
    @available(*, noasync)
    package mutating func seek(exactly key: borrowing [UInt8]) throws(StorageError) -> Bool {
        try seek(exactly: key.span.rawBytes)
    }

    /// Moves to the smallest key that is `prefix` or greater and says whether it starts with
    /// `prefix`.
    @available(*, noasync)
    package mutating func seek(toPrefix prefix: RawSpan) throws(StorageError) -> Bool {
        try seek(toFirstAtOrAfter: prefix) && keyHasPrefix(prefix)
    }

    /// Whether the cursor stands on a key that starts with `prefix`.
    package borrowing func keyHasPrefix(_ prefix: RawSpan) -> Bool {
        guard hasEntry else { return false }
        let key = self.key
        guard key.byteCount >= prefix.byteCount else { return false }
        for offset in 0..<prefix.byteCount {
            let left = unsafe key.unsafeLoad(fromByteOffset: offset, as: UInt8.self)
            let right = unsafe prefix.unsafeLoad(fromByteOffset: offset, as: UInt8.self)
            guard left == right else { return false }
        }
        return true
    }
}
