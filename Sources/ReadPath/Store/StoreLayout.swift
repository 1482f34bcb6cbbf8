import CatalogModel

/// How a namespace lies in its LMDB environment: tables, keys, and the version of it all.
///
/// - `meta`: the header, and one state record per collection.
/// - `entities`: collection, name key, id → record. In list order: a default page is one range.
/// - `indexes`: collection, field, value, id → name key, which with the id gives the entity's key.
///
/// Numbers in keys are big-endian so that byte order is numeric order. A text's sort key ends in a
/// zero byte that it holds nowhere else, so no key runs into the id behind it.
enum StoreLayout {
    /// Increased with every change of what the bytes mean; other versions are rebuilt.
    static let formatVersion: UInt32 = 1

    static let metaTable = "meta"
    static let entitiesTable = "entities"
    static let indexesTable = "indexes"
    static let tableCount = 3

    static let headerKey: [UInt8] = [0x68]

    static func stateKey(_ kind: UInt16) -> [UInt8] {
        var key: [UInt8] = [0x63]
        key.append(bigEndian: kind)
        return key
    }

    static func collectionPrefix(_ kind: UInt16) -> [UInt8] {
        var key: [UInt8] = []
        key.append(bigEndian: kind)
        return key
    }

    /// The key prefix of every entity whose name has this name key.
    static func namePrefix(_ kind: UInt16, nameKey: [UInt8]) -> [UInt8] {
        var key: [UInt8] = []
        key.reserveCapacity(nameKey.count + 10)
        key.append(bigEndian: kind)
        key += nameKey
        return key
    }

    static func entityKey(_ kind: UInt16, nameKey: [UInt8], id: Int64) -> [UInt8] {
        var key = namePrefix(kind, nameKey: nameKey)
        key.append(bigEndian: orderedBits(of: id))
        return key
    }

    static func indexPrefix(_ kind: UInt16, field: Int) -> [UInt8] {
        var key: [UInt8] = []
        key.append(bigEndian: kind)
        key.append(UInt8(field))
        return key
    }

    /// The key prefix of every index entry of `field` that has `value`, an encoded sort key.
    static func indexValuePrefix(_ kind: UInt16, field: Int, value: SortKey) -> [UInt8] {
        var key = indexPrefix(kind, field: field)
        key.reserveCapacity(key.count + value.bytes.count + 8)
        key += value.bytes
        return key
    }

    static func indexKey(_ kind: UInt16, field: Int, value: SortKey, id: Int64) -> [UInt8] {
        var key = indexValuePrefix(kind, field: field, value: value)
        key.append(bigEndian: orderedBits(of: id))
        return key
    }

    /// Ids as unsigned bits whose order is the ids' order.
    static func orderedBits(of id: Int64) -> UInt64 {
        UInt64(bitPattern: id) ^ (1 << 63)
    }

    /// The id in the last eight bytes of an entity's or an index entry's key.
    static func id(ofKey key: borrowing Span<UInt8>) -> Int64 {
        var bits: UInt64 = 0
        for index in (key.count - 8)..<key.count {
            bits = bits << 8 | UInt64(key[index])
        }
        return Int64(bitPattern: bits ^ (1 << 63))
    }
}
