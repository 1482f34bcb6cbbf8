import LMDB

/// Where a walk begins: at an entry, inclusive; the value counts where a key has several.
struct WalkStart: Hashable, Sendable {
    let key: [UInt8]
    var value: [UInt8]?
}

extension Cursor {
    /// Visits the entries of a range in their order, or backwards, until `visit` returns false.
    ///
    /// Costs one seek and one step per entry.
    mutating func forEachEntry(
        in range: KeyRange, descending: Bool, from start: WalkStart? = nil,
        _ visit: (borrowing Span<UInt8>, borrowing Span<UInt8>) throws(ReadError) -> Bool
    ) throws(ReadError) {
        var found: Bool
        do throws(StorageError) {
            found =
                descending
                ? try seekBackwards(in: range, from: start) : try seek(in: range, from: start)
        } catch {
            throw ReadError(error)
        }
        while found, isInside(range) {
            guard try visit(Span<UInt8>(_bytes: key), Span<UInt8>(_bytes: value)) else { return }
            do throws(StorageError) {
                found = descending ? try previous() : try next()
            } catch {
                throw ReadError(error)
            }
        }
    }

    /// Counts the entries of a range; stops at `limit` entries or after `maxKeys` keys.
    ///
    /// A key with many values is one step.
    mutating func count(
        in range: KeyRange, hasDuplicates: Bool, limit: Int, maxKeys: Int
    ) throws(StorageError) -> Int {
        var count = 0
        var keys = 0
        var found = try seek(in: range, from: nil)
        while found, isInside(range), count < limit, keys < maxKeys {
            count += hasDuplicates ? try duplicateCount() : 1
            keys += 1
            found = try nextKey()
        }
        return count
    }

    private func isInside(_ range: KeyRange) -> Bool {
        range.contains(Span<UInt8>(_bytes: key))
    }

    private mutating func seek(
        in range: KeyRange, from start: WalkStart?
    ) throws(StorageError) -> Bool {
        guard let start, !KeyRange.precedes(start.key.span, range.lower.span) else {
            return range.lower.isEmpty ? try first() : try seek(toFirstAtOrAfter: range.lower)
        }
        guard let value = start.value else { return try seek(toFirstAtOrAfter: start.key) }
        if try seek(
            exactly: start.key.span.rawBytes, toFirstValueAtOrAfter: value.span.rawBytes)
        {
            return true
        }
        return try seek(toFirstAtOrAfter: start.key + [0])
    }

    private mutating func seekBackwards(
        in range: KeyRange, from start: WalkStart?
    ) throws(StorageError) -> Bool {
        if let start, range.upper.map({ KeyRange.precedes(start.key.span, $0.span) }) ?? true {
            return try seekBackwards(from: start)
        }
        guard let upper = range.upper else { return try last() }
        return try seek(toFirstAtOrAfter: upper) ? try previous() : try last()
    }

    private mutating func seekBackwards(from start: WalkStart) throws(StorageError) -> Bool {
        guard let value = start.value else {
            if try seek(exactly: start.key) { return true }
            return try seek(toFirstAtOrAfter: start.key) ? try previous() : try last()
        }
        if try seek(
            exactly: start.key.span.rawBytes, toFirstValueAtOrAfter: value.span.rawBytes)
        {
            let isExact = !KeyRange.precedes(value.span, Span<UInt8>(_bytes: self.value))
            return isExact ? true : try previous()
        }
        // All values of the key come before, or the key is not there.
        return try seek(toFirstAtOrAfter: start.key + [0]) ? try previous() : try last()
    }
}
