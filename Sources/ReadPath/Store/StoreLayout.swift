import CatalogModel

/// How a namespace lies in its LMDB environment: tables, keys, and the version of it all.
///
/// - `meta`: the header, one state record per collection, and the lineage of the header's epoch,
///   which is absent in caches of earlier releases.
///
/// and for each collection three tables of its own, so that a copy can append to full pages:
/// - `entities`: collection, name key, id → record. In list order: a default page is one range.
/// - `places`: id → name key, which with the id gives the entity's key; the order by id.
/// - `indexes`: collection, field, value → the ids that have it, ascending. An id takes eight bytes
///   where many entities share a value, which is why the name key is not repeated here.
///
/// Numbers in keys are big-endian so that byte order is numeric order. A text's sort key ends in a
/// zero byte that it holds nowhere else, so no key runs into the id behind it.
enum StoreLayout {
    /// Increased with every change of what the bytes mean; other versions are rebuilt.
    static let formatVersion: UInt32 = 2

    static let metaTable = "meta"

    /// Room for a number or a short text; longer keys grow.
    private static let usualIndexKeyBytes = 48

    /// How many tables a cache with so many kinds has.
    static func tableCount(kinds: Int) -> Int { 1 + 3 * kinds }

    static let headerKey: [UInt8] = [0x68]
    static let lineageKey: [UInt8] = [0x6C]

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

    /// Puts an entity's key together in a buffer whose bytes are replaced.
    static func setEntityKey(
        _ kind: UInt16, nameKey: borrowing Span<UInt8>, id: Int64, in key: inout [UInt8]
    ) {
        key.removeAll(keepingCapacity: true)
        key.append(bigEndian: kind)
        key.append(nameKey)
        key.append(bigEndian: orderedBits(of: id))
    }

    static func indexPrefix(_ kind: UInt16, field: Int) -> [UInt8] {
        var key: [UInt8] = []
        key.append(bigEndian: kind)
        key.append(UInt8(field))
        return key
    }

    /// The key of the index entries of `field` that have `value`, an encoded sort key.
    static func indexKey(_ kind: UInt16, field: Int, value: SortKey) -> [UInt8] {
        var key = indexPrefix(kind, field: field)
        key.reserveCapacity(key.count + value.bytes.count + 8)
        key += value.bytes
        return key
    }

    /// The same of a value that is not encoded yet; its key is all that is allocated for it.
    static func indexKey(_ kind: UInt16, field: Int, value: FieldValue) -> [UInt8] {
        var key: [UInt8] = []
        key.reserveCapacity(usualIndexKeyBytes)
        appendIndexKey(kind, field: field, value: value, to: &key)
        return key
    }

    /// The same behind other keys.
    static func appendIndexKey(
        _ kind: UInt16, field: Int, value: FieldValue, to keys: inout [UInt8]
    ) {
        keys.append(bigEndian: kind)
        keys.append(UInt8(field))
        SortKey.encode(value, into: &keys)
    }

    /// An id as keys and index entries hold it.
    static func idBytes(_ id: Int64) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(8)
        bytes.append(bigEndian: orderedBits(of: id))
        return bytes
    }

    /// Puts an id as keys hold it into a buffer whose bytes are replaced.
    static func setID(_ id: Int64, in key: inout [UInt8]) {
        key.removeAll(keepingCapacity: true)
        key.append(bigEndian: orderedBits(of: id))
    }

    /// Ids as unsigned bits whose order is the ids' order.
    static func orderedBits(of id: Int64) -> UInt64 {
        UInt64(bitPattern: id) ^ (1 << 63)
    }

    /// The id in the last eight bytes of an entity's key, or in an index entry.
    static func id(ofKey key: borrowing Span<UInt8>) -> Int64 {
        var bits: UInt64 = 0
        for index in (key.count - 8)..<key.count {
            bits = bits << 8 | UInt64(key[index])
        }
        return Int64(bitPattern: bits ^ (1 << 63))
    }
    /// The least key behind all that begin so; nil when there is none.
    static func end(ofPrefix prefix: [UInt8]) -> [UInt8]? {
        var end = prefix
        while let last = end.last {
            if last < 0xFF {
                end[end.count - 1] = last + 1
                return end
            }
            end.removeLast()
        }
        return nil
    }
}
