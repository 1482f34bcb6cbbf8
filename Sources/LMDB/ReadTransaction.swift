import CLMDB

/// A snapshot of the environment, alive for one `Environment.read`.
///
/// Spans that it gives out point into the memory map and cannot outlive it. Keep the body short:
/// the snapshot pins the pages of its time. One lookup costs about half a microsecond and allocates
/// nothing.
package struct ReadTransaction: ~Copyable {
    private let handle: ReaderHandle

    /// Its place in the pool's books.
    let slot: Int

    init(handle: consuming ReaderHandle, slot: Int) {
        self.handle = handle
        self.slot = slot
    }

    /// Gives the snapshot up and keeps the slot.
    consuming func reset() -> IdleReader {
        unsafe mdb_txn_reset(handle.raw)
        return IdleReader(handle: handle, slot: slot)
    }

    /// The value of a key, or nil; throws when a page is damaged or the key is empty or too long.
    @available(*, noasync)
    @_lifetime(borrow self)
    package borrowing func value(
        for key: RawSpan, in table: Table
    ) throws(StorageError) -> RawSpan? {
        guard let found = unsafe try RawCall.get(handle.raw, table, key) else { return nil }
        let span = unsafe RawSpan(_unsafeBytes: found)
        return unsafe _overrideLifetime(span, borrowing: self)
    }

    /// The value of a key given as bytes.
    @available(*, noasync)
    @_lifetime(borrow self)
    package borrowing func value(
        for key: Span<UInt8>, in table: Table
    ) throws(StorageError) -> RawSpan? {
        try value(for: key.rawBytes, in: table)
    }

    /// The value of a key given as an array.
    @available(*, noasync)
    @_lifetime(borrow self)
    package borrowing func value(
        for key: borrowing [UInt8], in table: Table
    ) throws(StorageError) -> RawSpan? {
        try value(for: key.span.rawBytes, in: table)
    }

    /// Runs `body` with a cursor, not yet positioned; costs one allocation inside the library.
    @available(*, noasync)
    package borrowing func withCursor<R: ~Copyable>(
        in table: Table, _ body: (inout Cursor) throws(StorageError) -> R
    ) throws(StorageError) -> R {
        try withCursor(in: table, throwing: StorageError.self, body)
    }

    /// The same for a body that throws another type.
    @available(*, noasync)
    package borrowing func withCursor<R: ~Copyable, E: StorageFailure>(
        in table: Table, throwing: E.Type = E.self, _ body: (inout Cursor) throws(E) -> R
    ) throws(E) -> R {
        var cursor: Cursor
        do throws(StorageError) {
            cursor = unsafe try Cursor(transaction: handle.raw, table: table)
        } catch {
            throw E(error)
        }
        return try body(&cursor)
    }

    /// Runs `body` with the reader's own cursor of the table, not yet positioned.
    ///
    /// Allocates on first use only. A call for the same table inside `body` costs a cursor of its
    /// own; so do tables beyond `Limits.keptCursors`, which take turns.
    @available(*, noasync)
    package borrowing func withKeptCursor<R: ~Copyable>(
        in table: Table, _ body: (inout Cursor) throws(StorageError) -> R
    ) throws(StorageError) -> R {
        let kept = unsafe handle.kept + Int(table.handle) % Limits.keptCursors
        guard unsafe !kept.pointee.isLent else { return try withCursor(in: table, body) }
        var cursor = unsafe try Cursor(kept: &kept.pointee, transaction: handle.raw, table: table)
        unsafe kept.pointee.isLent = true
        defer { unsafe kept.pointee.isLent = false }
        return try body(&cursor)
    }

    /// Names the snapshot: two reads of one environment with the same number see the same content.
    package var snapshotID: Int { unsafe Int(mdb_txn_id(handle.raw)) }

    /// How many entries the table has; constant cost.
    @available(*, noasync)
    package borrowing func entryCount(of table: Table) throws(StorageError) -> Int {
        unsafe try RawCall.entryCount(handle.raw, table)
    }
}

extension Span<UInt8> {
    /// The same bytes as an untyped span, for keys and values.
    package var rawBytes: RawSpan {
        @_lifetime(copy self)
        get {
            // SAFETY: every bit pattern of a byte is valid and bytes have no padding.
            unsafe bytes
        }
    }
}
