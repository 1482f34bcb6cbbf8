package import CatalogModel

/// The first record of a namespace's cache: whose content it is, and up to which revision.
///
/// Written in the same transaction as the data that it describes, so the two never disagree.
package struct StoreHeader: Hashable, Sendable {
    /// Fingerprint of the plugin definitions that the records were made with.
    package let fingerprint: UInt64
    package let epoch: Epoch
    package let revision: Revision
    /// Digest of the whole namespace at `revision`, as the store's log says.
    package let digest: UInt64
    /// The boot of the machine that wrote last; after another boot unsynced pages may be missing.
    package let bootID: String
    /// Whether everything was flushed to disk after the last write.
    package let clean: Bool

    package init(
        fingerprint: UInt64, epoch: Epoch, revision: Revision, digest: UInt64, bootID: String,
        clean: Bool
    ) {
        self.fingerprint = fingerprint
        self.epoch = epoch
        self.revision = revision
        self.digest = digest
        self.bootID = bootID
        self.clean = clean
    }

    func encoded() -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.append(littleEndian: StoreLayout.formatVersion)
        bytes.append(littleEndian: fingerprint)
        bytes.append(littleEndian: revision.value)
        bytes.append(littleEndian: digest)
        bytes.append(clean ? 1 : 0)
        bytes.appendShort(epoch.text)
        bytes.appendShort(bootID)
        var hash = ByteHash(seed: 0)
        hash.combine(bytes.span)
        bytes.append(littleEndian: hash.value)
        return bytes
    }

    /// Reads a header; throws `.foreign` for another format and `.damaged` for a bad checksum.
    static func decode(_ bytes: borrowing Span<UInt8>) throws(ReadError) -> StoreHeader {
        guard bytes.count >= 39 else { throw ReadError(.damaged, "header is too short") }
        var hash = ByteHash(seed: 0)
        hash.combine(bytes.extracting(0..<(bytes.count - 8)))
        guard bytes.littleEndian64(at: bytes.count - 8) == hash.value else {
            throw ReadError(.damaged, "header checksum does not match")
        }
        guard bytes.littleEndian32(at: 0) == StoreLayout.formatVersion else {
            throw ReadError(.foreign, "cache format \(bytes.littleEndian32(at: 0))")
        }
        var offset = 29
        let epoch = bytes.shortText(at: &offset)
        let bootID = bytes.shortText(at: &offset)
        return StoreHeader(
            fingerprint: bytes.littleEndian64(at: 4), epoch: Epoch(epoch),
            revision: Revision(bytes.littleEndian64(at: 12)),
            digest: bytes.littleEndian64(at: 20), bootID: bootID, clean: bytes[28] == 1)
    }
}

/// What the cache holds of one collection.
package struct CollectionState: Hashable, Sendable {
    /// Whether the collection can answer reads.
    package enum Phase: UInt8, Sendable {
        /// Rows are being copied in; readers treat the collection as absent.
        case loading = 1
        case loaded = 2
    }

    package let phase: Phase
    /// The newest revision that changed the collection.
    package var revision: Revision
    /// XOR of the digests of the entities that the cache holds.
    package var digest: UInt64
    package var entityCount: Int
    /// Bytes of the records, keys and indexes not counted.
    package var recordBytes: Int

    func encoded() -> [UInt8] {
        var bytes: [UInt8] = [phase.rawValue]
        bytes.append(littleEndian: revision.value)
        bytes.append(littleEndian: digest)
        bytes.append(littleEndian: UInt64(entityCount))
        bytes.append(littleEndian: UInt64(recordBytes))
        var hash = ByteHash(seed: 0)
        hash.combine(bytes.span)
        bytes.append(littleEndian: hash.value)
        return bytes
    }

    static func decode(_ bytes: borrowing Span<UInt8>) throws(ReadError) -> CollectionState {
        guard bytes.count == 41, let phase = Phase(rawValue: bytes[0]) else {
            throw ReadError(.damaged, "collection state is malformed")
        }
        var hash = ByteHash(seed: 0)
        hash.combine(bytes.extracting(0..<33))
        guard bytes.littleEndian64(at: 33) == hash.value else {
            throw ReadError(.damaged, "collection state checksum does not match")
        }
        return CollectionState(
            phase: phase, revision: Revision(bytes.littleEndian64(at: 1)),
            digest: bytes.littleEndian64(at: 9),
            entityCount: Int(truncatingIfNeeded: bytes.littleEndian64(at: 17)),
            recordBytes: Int(truncatingIfNeeded: bytes.littleEndian64(at: 25)))
    }
}

extension [UInt8] {
    /// Appends a text of at most 255 bytes behind its length.
    fileprivate mutating func appendShort(_ text: String) {
        precondition(text.utf8.count <= 255)
        append(UInt8(text.utf8.count))
        append(contentsOf: text.utf8)
    }
}

extension Span<UInt8> {
    fileprivate func shortText(at offset: inout Int) -> String {
        let end = Swift.min(offset + 1 + Int(self[offset]), count)
        var bytes: [UInt8] = []
        bytes.append(extracting((offset + 1)..<end))
        offset = end
        return String(decoding: bytes, as: UTF8.self)
    }
}
