import CatalogModel

/// The beginning of an entity's cache key, written in place: the same bytes as `StoreLayout` makes.
enum HitKey {
    static let maximumBytes = 2 + SortKey.maximumBytes

    /// Replaces `key` by the prefix of all entities whose ASCII name folds like this one.
    static func write(_ kind: UInt16, name: Span<UInt8>, into key: inout [UInt8]) {
        key.removeAll(keepingCapacity: true)
        key.append(UInt8(truncatingIfNeeded: kind >> 8))
        key.append(UInt8(truncatingIfNeeded: kind))
        for index in 0..<min(name.count, CatalogLimits.sortKeyTextBytes) {
            let byte = name[index]
            let isCapital = byte >= UInt8(ascii: "A") && byte <= UInt8(ascii: "Z")
            key.append(isCapital ? byte | 0x20 : byte)
        }
        key.append(0)
    }
}
