import LMDB

extension Cursor {
    /// Visits the values of all keys with a prefix in key order, or backwards.
    ///
    /// Ends early when `visit` returns false. Costs one seek and one step per entry.
    mutating func forEach(
        withPrefix prefix: [UInt8], descending: Bool, from start: [UInt8]? = nil,
        _ visit: (borrowing Span<UInt8>) throws(ReadError) -> Bool
    ) throws(ReadError) {
        try forEachEntry(withPrefix: prefix, descending: descending, from: start) {
            _, value throws(ReadError) in
            try visit(value)
        }
    }

    /// The same with the keys; `start` is where the walk begins, inclusive.
    mutating func forEachEntry(
        withPrefix prefix: [UInt8], descending: Bool, from start: [UInt8]? = nil,
        _ visit: (borrowing Span<UInt8>, borrowing Span<UInt8>) throws(ReadError) -> Bool
    ) throws(ReadError) {
        var found = try position(withPrefix: prefix, descending: descending, from: start)
        while found, keyHasPrefix(prefix.span.rawBytes) {
            if try !visitCurrent(visit) { return }
            found = try step(descending: descending)
        }
    }

    private mutating func step(descending: Bool) throws(ReadError) -> Bool {
        do throws(StorageError) {
            return descending ? try previous() : try next()
        } catch {
            throw ReadError(error)
        }
    }

    private mutating func position(
        withPrefix prefix: [UInt8], descending: Bool, from start: [UInt8]?
    ) throws(ReadError) -> Bool {
        do throws(StorageError) {
            guard descending else { return try seek(toFirstAtOrAfter: start ?? prefix) }
            if let start, try seek(exactly: start) { return true }
            // The first key behind the range is the prefix with its last byte increased; prefixes
            // end in a kind, field or separator byte below 0xFF.
            var behind = prefix
            behind[behind.count - 1] += 1
            return try seek(toFirstAtOrAfter: start ?? behind) ? try previous() : try last()
        } catch {
            throw ReadError(error)
        }
    }

    private borrowing func visitCurrent(
        _ visit: (borrowing Span<UInt8>, borrowing Span<UInt8>) throws(ReadError) -> Bool
    ) throws(ReadError) -> Bool {
        try visit(Span<UInt8>(_bytes: key), Span<UInt8>(_bytes: value))
    }
}
