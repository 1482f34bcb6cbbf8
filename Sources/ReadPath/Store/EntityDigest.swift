package import CatalogModel
import Crypto

/// The digest of one entity, byte for byte the one that the store's trigger computes.
///
/// Kept for many entities, it uses one buffer for all of them.
package struct EntityDigest {
    /// Room for what is hashed before the document; longer names make it grow.
    private static let usualPrefixBytes = 128

    private var prefix: [UInt8] = []

    package init() {}

    /// First eight bytes of SHA-256 over plugin, kind, source, name, version and document.
    ///
    /// The parts are separated by a zero byte, which none of them can hold. About 2 µs per KiB.
    package static func digest(of entity: StoredEntity) -> UInt64 {
        var digest = EntityDigest()
        return digest.digest(of: entity)
    }

    /// The same, in a buffer that is used again.
    package mutating func digest(of entity: StoredEntity) -> UInt64 {
        prefix.removeAll(keepingCapacity: true)
        prefix.reserveCapacity(Self.usualPrefixBytes)
        append(entity.key.plugin)
        append(entity.key.kind)
        append(entity.key.source)
        append(entity.key.name)
        append(String(entity.version))
        var hash = SHA256()
        hash.update(data: prefix)
        hash.update(data: entity.doc)
        var value: UInt64 = 0
        for byte in hash.finalize().prefix(8) {
            value = value << 8 | UInt64(byte)
        }
        return value
    }

    private mutating func append(_ part: String) {
        prefix.append(contentsOf: part.utf8)
        prefix.append(0)
    }
}
