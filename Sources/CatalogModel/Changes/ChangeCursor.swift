/// A place in the change log of a namespace: everything up to a revision of one history.
///
/// The digest tells apart two histories that reached the same revision under one epoch. On the wire
/// `epoch:revision:digest`, or `epoch:revision` where the digest is not known.
package struct ChangeCursor: Hashable, Sendable, CustomStringConvertible {
    /// Nil for a place that a client named by its revision alone.
    package let epoch: Epoch?
    package let revision: Revision
    /// The digest of the namespace's content at the revision, where it is known.
    package let digest: UInt64?

    package init(epoch: Epoch?, revision: Revision, digest: UInt64?) {
        self.epoch = epoch
        self.revision = revision
        self.digest = digest
    }

    /// The place of a head.
    package init(_ head: NamespaceHead) {
        self.init(epoch: head.epoch, revision: head.revision, digest: head.digest)
    }

    /// Reads the wire form, or a revision alone; nil for anything else.
    package init?(_ text: some StringProtocol) {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        if parts.count == 1 {
            guard let revision = Revision(text: parts[0]) else { return nil }
            self.init(epoch: nil, revision: revision, digest: nil)
            return
        }
        guard parts.count <= 3, Self.isEpoch(parts[0].utf8), let revision = Revision(text: parts[1])
        else { return nil }
        var digest: UInt64?
        if parts.count == 3 {
            guard let read = ContentDigest.value(of: parts[2]) else { return nil }
            digest = read
        }
        self.init(epoch: Epoch(String(parts[0])), revision: revision, digest: digest)
    }

    /// The canonical form of a UUID.
    package static func isEpoch(_ text: some Collection<UInt8>) -> Bool {
        guard text.count == 36 else { return false }
        return text.enumerated().allSatisfy { index, byte in
            switch index {
            case 8, 13, 18, 23: byte == UInt8(ascii: "-")
            default: byte.isASCIIDigit || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains(byte)
            }
        }
    }

    package var description: String {
        var text = epoch.map { "\($0.text):" } ?? ""
        text += String(revision.value)
        if epoch != nil, let digest { text += ":\(ContentDigest.text(of: digest))" }
        return text
    }
}

/// The text form of digests: sixteen hex digits.
package enum ContentDigest {
    package static func text(of digest: UInt64) -> String {
        let hex = String(digest, radix: 16)
        return String(repeating: "0", count: 16 - hex.count) + hex
    }

    /// Nil for anything but sixteen hex digits.
    package static func value(of text: some StringProtocol) -> UInt64? {
        guard text.utf8.count == 16, let value = UInt64(text, radix: 16), text.utf8.first != 0x2B
        else { return nil }
        return value
    }
}
