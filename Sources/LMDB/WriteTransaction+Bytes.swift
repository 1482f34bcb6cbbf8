/// The same calls with keys and values as arrays or typed spans.
extension WriteTransaction {
    /// Sets the value of a key.
    @available(*, noasync)
    package mutating func put(
        _ value: borrowing [UInt8], for key: borrowing [UInt8], in table: Table,
        options: PutOptions = []
    ) throws(StorageError) {
        try put(value.span.rawBytes, for: key.span.rawBytes, in: table, options: options)
    }

    /// Sets the value of a key.
    @available(*, noasync)
    package mutating func put(
        _ value: Span<UInt8>, for key: Span<UInt8>, in table: Table, options: PutOptions = []
    ) throws(StorageError) {
        try put(value.rawBytes, for: key.rawBytes, in: table, options: options)
    }

    /// Sets the value of a key to bytes that `fill` writes straight into the page.
    @available(*, noasync)
    package mutating func reserve(
        _ byteCount: Int, for key: RawSpan, in table: Table, options: PutOptions = [],
        _ fill: (inout OutputRawSpan) throws(StorageError) -> Void
    ) throws(StorageError) {
        try reserve(
            byteCount, for: key, in: table, options: options, throwing: StorageError.self, fill)
    }

    /// Removes a key; false when it was not there.
    @available(*, noasync)
    package mutating func delete(
        _ key: borrowing [UInt8], in table: Table
    ) throws(StorageError) -> Bool {
        try delete(key.span.rawBytes, in: table)
    }

    /// The value of a key as this transaction sees it, or nil.
    @available(*, noasync)
    @_lifetime(borrow self)
    package borrowing func value(
        for key: borrowing [UInt8], in table: Table
    ) throws(StorageError) -> RawSpan? {
        try value(for: key.span.rawBytes, in: table)
    }
}
