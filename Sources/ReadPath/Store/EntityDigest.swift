package import CatalogModel
import Crypto

/// The digest of one entity, byte for byte the one that the store's trigger computes.
package enum EntityDigest {
    /// First eight bytes of SHA-256 over plugin, kind, source, name, version and document.
    ///
    /// The parts are separated by a zero byte, which none of them can hold. About 2 µs per KiB.
    package static func digest(of entity: StoredEntity) -> UInt64 {
        var hash = SHA256()
        for part in [entity.key.plugin, entity.key.kind, entity.key.source, entity.key.name] {
            hash.update(data: Array(part.utf8))
            hash.update(data: [0])
        }
        hash.update(data: Array(String(entity.version).utf8))
        hash.update(data: [0])
        hash.update(data: entity.doc)
        var value: UInt64 = 0
        for byte in hash.finalize().prefix(8) {
            value = value << 8 | UInt64(byte)
        }
        return value
    }
}
