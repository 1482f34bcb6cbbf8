import CatalogModel

/// Index entries of a part of a copy: the keys, ascending, each with all of its ids, ascending.
///
/// The ids of a key lie side by side, because the table takes them in one call.
struct IndexGroups: Sendable {
    /// One key, and its ids as index entries hold them.
    struct Group: Sendable {
        let key: Range<Int>
        var ids: Range<Int>
    }

    static let idBytes = 8

    private(set) var groups: [Group] = []
    private(set) var ids: [UInt8] = []
    private(set) var keys: [UInt8] = []

    /// Groups the values of the indexed fields, which follow each other row by row.
    ///
    /// `order` are the positions of the rows in the order of their ids.
    init(_ values: [FieldValue], of rows: [CopyBatch.Row], order: [Int], _ kind: KindTable.Entry) {
        var table = KeyTable()
        let fields = kind.indexedFields
        ids = Array(repeating: 0, count: values.count * Self.idBytes)
        // The group of each row's value.
        var places = Array(repeating: 0, count: rows.count)
        var begin = 0
        for (position, field) in fields.enumerated() {
            var last: Int?
            for row in order {
                let at = row * fields.count + position
                if let last, Self.isSame(values[last * fields.count + position], values[at]) {
                    places[row] = places[last]
                } else {
                    places[row] = table.place(of: values[at], kind.number, field)
                }
                last = row
            }
            begin = fill(places, from: begin, rows, order, table)
        }
        let keys = table.keys
        groups.sort { keys[$0.key].lexicographicallyPrecedes(keys[$1.key]) }
        self.keys = keys
    }

    /// Puts the ids of one field side by side; returns where those of the next one begin.
    private mutating func fill(
        _ places: [Int], from begin: Int, _ rows: [CopyBatch.Row], _ order: [Int], _ table: KeyTable
    ) -> Int {
        let first = groups.count
        var counts = Array(repeating: 0, count: table.ranges.count - first)
        for place in places { counts[place - first] += 1 }
        var end = begin
        for (offset, count) in counts.enumerated() {
            // Empty at first; grows as it is filled.
            groups.append(Group(key: table.ranges[first + offset], ids: end..<end))
            end += count * Self.idBytes
        }
        for row in order {
            let at = groups[places[row]].ids
            var bits = StoreLayout.orderedBits(of: rows[row].id)
            for offset in (0..<Self.idBytes).reversed() {
                ids[at.upperBound + offset] = UInt8(truncatingIfNeeded: bits)
                bits >>= 8
            }
            groups[places[row]].ids = at.lowerBound..<(at.upperBound + Self.idBytes)
        }
        return end
    }

    /// Whether neighbours are alike, as they often are: cheap, and false rather than slow.
    ///
    /// Texts may be equal in several spellings, which have keys of their own.
    private static func isSame(_ left: FieldValue, _ right: FieldValue) -> Bool {
        switch (left, right) {
        case (.missing, .missing): true
        case (.boolean(let left), .boolean(let right)): left == right
        case (.integer(let left), .integer(let right)): left == right
        case (.string(let left), .string(let right)): left.utf8.elementsEqual(right.utf8)
        default: false
        }
    }
}

/// The different index keys of a batch, one after the other, found again by a hash of their bytes.
///
/// A dictionary would want an array for each key that it is asked for.
private struct KeyTable: Sendable {
    private static let usualPlaces = 256
    private static let freeSlot: Int32 = -1

    private(set) var keys: [UInt8] = []
    /// Where each key lies, in the order in which they were added.
    private(set) var ranges: [Range<Int>] = []
    private var slots = Array(repeating: freeSlot, count: 2 * usualPlaces)

    /// The number of a value's key, a new one if there is none.
    mutating func place(of value: FieldValue, _ kind: UInt16, _ field: Int) -> Int {
        let start = keys.count
        StoreLayout.appendIndexKey(kind, field: field, value: value, to: &keys)
        var slot = firstSlot(of: start..<keys.count)
        while slots[slot] != Self.freeSlot {
            let known = Int(slots[slot])
            if isSame(ranges[known], start..<keys.count) {
                keys.removeLast(keys.count - start)
                return known
            }
            slot = (slot + 1) & (slots.count - 1)
        }
        slots[slot] = Int32(ranges.count)
        ranges.append(start..<keys.count)
        if 2 * ranges.count > slots.count { grow() }
        return ranges.count - 1
    }

    private func firstSlot(of key: Range<Int>) -> Int {
        var hash = ByteHash(seed: 2)
        hash.combine(keys.span.extracting(key))
        return Int(truncatingIfNeeded: hash.value) & (slots.count - 1)
    }

    private func isSame(_ left: Range<Int>, _ right: Range<Int>) -> Bool {
        guard left.count == right.count else { return false }
        let bytes = keys.span
        for offset in 0..<left.count
        where bytes[left.lowerBound + offset] != bytes[right.lowerBound + offset] { return false }
        return true
    }

    private mutating func grow() {
        slots = Array(repeating: Self.freeSlot, count: 2 * slots.count)
        for place in ranges.indices {
            var slot = firstSlot(of: ranges[place])
            while slots[slot] != Self.freeSlot { slot = (slot + 1) & (slots.count - 1) }
            slots[slot] = Int32(place)
        }
    }
}
