import CLMDB

/// Changes that become visible together, alive for one `Environment.write`.
///
/// Changing methods are `mutating`, so the compiler keeps spans from an earlier lookup from being
/// used after a change, which may move or reuse their pages. Stays on the thread where it began.
package struct WriteTransaction: ~Copyable {
    private let handle: WriteHandle
    private let environment: Environment

    /// What `put` does beyond setting a key's value.
    package struct PutOptions: OptionSet, Sendable {
        package let rawValue: UInt32

        package init(rawValue: UInt32) {
            self.rawValue = rawValue
        }

        /// The key is greater than all in the table; faster, `.keyExists` when it is not.
        package static let append = PutOptions(rawValue: UInt32(MDB_APPEND))
        /// The value is greater than all of its key in a table with duplicates; as `append`.
        package static let appendDuplicate = PutOptions(rawValue: UInt32(MDB_APPENDDUP))
        /// Throws `.keyExists` instead of replacing.
        package static let noOverwrite = PutOptions(rawValue: UInt32(MDB_NOOVERWRITE))
    }

    init(environment: Environment) throws(StorageError) {
        try environment.demandOpen("begin write")
        if let number = environment.faults?.strike(.beginWrite), number != 0 {
            try environment.check(number, "begin write")
        }
        self.handle = unsafe try WriteHandle(environment: environment.raw)
        self.environment = environment
    }

    /// Makes the changes durable and visible; aborts when that fails.
    consuming func commit() throws(StorageError) {
        let environment = self.environment
        let handle = self.handle
        if let number = environment.faults?.strike(.commit), number != 0 {
            try environment.check(number, "commit")
        }
        try environment.check(handle.commit(), "commit")
    }

    /// The value of a key as this transaction sees it, or nil.
    @available(*, noasync)
    @_lifetime(borrow self)
    package borrowing func value(
        for key: RawSpan, in table: Table
    ) throws(StorageError) -> RawSpan? {
        if let number = environment.faults?.strike(.get), number != 0 {
            try environment.check(number, "get")
        }
        guard let found = unsafe try RawCall.get(handle.raw, table, key) else { return nil }
        let span = unsafe RawSpan(_unsafeBytes: found)
        return unsafe _overrideLifetime(span, borrowing: self)
    }

    /// Sets the value of a key; throws `.badValueSize` for an empty or too long key.
    @available(*, noasync)
    package mutating func put(
        _ value: RawSpan, for key: RawSpan, in table: Table, options: PutOptions = []
    ) throws(StorageError) {
        let result = environment.faults.around(.put) {
            unsafe value.withUnsafeBytes { bytes in
                var value = unsafe MDB_val(
                    mv_size: bytes.count,
                    mv_data: UnsafeMutableRawPointer(mutating: bytes.baseAddress))
                return unsafe RawCall.withKey(key) { key in
                    unsafe mdb_put(handle.raw, table.handle, key, &value, options.rawValue)
                }
            }
        }
        try environment.check(result, "put")
    }

    /// Sets the value of a key to `byteCount` bytes that `fill` writes straight into the page.
    ///
    /// `fill` must write all of them. When it throws, the entry exists with zeros for the rest, so
    /// let the error leave the write, which aborts it.
    @available(*, noasync)
    package mutating func reserve<E: StorageFailure>(
        _ byteCount: Int, for key: RawSpan, in table: Table, options: PutOptions = [],
        throwing: E.Type, _ fill: (inout OutputRawSpan) throws(E) -> Void
    ) throws(E) {
        precondition(byteCount >= 0, "a size cannot be negative")
        var value = unsafe MDB_val(mv_size: byteCount, mv_data: nil)
        let flags = options.rawValue | UInt32(MDB_RESERVE)
        let result = environment.faults.around(.put) {
            unsafe RawCall.withKey(key) { key in
                unsafe mdb_put(handle.raw, table.handle, key, &value, flags)
            }
        }
        do throws(StorageError) {
            try environment.check(result, "reserve")
        } catch {
            throw E(error)
        }
        let page = unsafe UnsafeMutableRawBufferPointer(
            start: value.mv_data, count: value.mv_size)
        unsafe page.initializeMemory(as: UInt8.self, repeating: 0)
        var output = unsafe OutputRawSpan(buffer: page, initializedCount: 0)
        try fill(&output)
        precondition(output.byteCount == byteCount, "the reserved bytes were not all written")
    }

    /// Removes a key; false when it was not there.
    @available(*, noasync)
    package mutating func delete(_ key: RawSpan, in table: Table) throws(StorageError) -> Bool {
        let result = environment.faults.around(.delete) {
            unsafe RawCall.withKey(key) { key in
                unsafe mdb_del(handle.raw, table.handle, key, nil)
            }
        }
        guard result != MDB_NOTFOUND else { return false }
        try environment.check(result, "delete")
        return true
    }

    /// Removes one value of a key in a table with duplicates; false when it was not there.
    @available(*, noasync)
    package mutating func delete(
        _ key: RawSpan, value: RawSpan, in table: Table
    ) throws(StorageError) -> Bool {
        let result = environment.faults.around(.delete) {
            unsafe RawCall.withKey(value) { value in
                unsafe RawCall.withKey(key) { key in
                    unsafe mdb_del(handle.raw, table.handle, key, value)
                }
            }
        }
        guard result != MDB_NOTFOUND else { return false }
        try environment.check(result, "delete")
        return true
    }

    /// Removes every entry of a table.
    @available(*, noasync)
    package mutating func clear(_ table: Table) throws(StorageError) {
        let result = environment.faults.around(.clear) {
            unsafe mdb_drop(handle.raw, table.handle, 0)
        }
        try environment.check(result, "clear")
    }

    /// Removes a table and frees its handle at once; the caller keeps readers out.
    mutating func drop(_ table: Table) throws(StorageError) {
        let result = environment.faults.around(.clear) {
            unsafe mdb_drop(handle.raw, table.handle, 1)
        }
        try environment.check(result, "drop")
    }

    /// Opens a named table; its handle becomes valid for others with the commit.
    mutating func openTable(
        _ name: String, create: Bool, hasDuplicates: Bool = false
    ) throws(StorageError) -> Table {
        var table: UInt32 = 0
        let sorts = hasDuplicates ? UInt32(MDB_DUPSORT | MDB_DUPFIXED) : 0
        let flags = sorts | (create ? UInt32(MDB_CREATE) : 0)
        let result = environment.faults.around(.openTable) {
            unsafe mdb_dbi_open(handle.raw, name, flags, &table)
        }
        try environment.check(result, "open table")
        return Table(handle: table)
    }

    /// How many entries the table has; constant cost.
    @available(*, noasync)
    package borrowing func entryCount(of table: Table) throws(StorageError) -> Int {
        unsafe try RawCall.entryCount(handle.raw, table)
    }

    /// Runs `body` with a cursor that may also delete; the transaction itself rests meanwhile.
    @available(*, noasync)
    package mutating func withCursor<R: ~Copyable>(
        in table: Table, _ body: (inout Cursor) throws(StorageError) -> R
    ) throws(StorageError) -> R {
        try withCursor(in: table, throwing: StorageError.self, body)
    }

    /// The same for a body that throws another type.
    @available(*, noasync)
    package mutating func withCursor<R: ~Copyable, E: StorageFailure>(
        in table: Table, throwing: E.Type = E.self, _ body: (inout Cursor) throws(E) -> R
    ) throws(E) -> R {
        var cursor: Cursor
        do throws(StorageError) {
            cursor = unsafe try Cursor(
                transaction: handle.raw, table: table, changes: environment)
        } catch {
            throw E(error)
        }
        return try body(&cursor)
    }
}
