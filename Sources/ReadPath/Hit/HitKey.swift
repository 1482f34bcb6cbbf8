import CatalogModel

/// The beginning of an entity's cache key, in place: the same bytes as `StoreLayout` makes.
struct HitKey: Sendable {
    // The kind's number, the longest text of a name, and the byte that ends it.
    private var room: [243 of UInt8] = .init(repeating: 0)
    private let count: Int

    /// The prefix of all entities whose ASCII name folds like this one.
    init(_ kind: UInt16, name: Span<UInt8>) {
        let letters = min(name.count, CatalogLimits.sortKeyTextBytes)
        count = letters + 3
        precondition(count <= room.count, "the longest name has room")
        room[0] = UInt8(truncatingIfNeeded: kind >> 8)
        room[1] = UInt8(truncatingIfNeeded: kind)
        for index in 0..<letters {
            let byte = name[index]
            let isCapital = byte >= UInt8(ascii: "A") && byte <= UInt8(ascii: "Z")
            room[index + 2] = isCapital ? byte | 0x20 : byte
        }
    }

    /// The bytes of the prefix.
    var bytes: Span<UInt8> {
        @_lifetime(borrow self)
        borrowing get { room.span.extracting(0..<count) }
    }
}
