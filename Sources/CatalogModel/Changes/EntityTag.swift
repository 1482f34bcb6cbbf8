/// The validator of an answer: a revision and a digest, so that equal tags mean equal bytes.
///
/// The digest tells apart two histories that reached the same revision number. The wire form is a
/// strong entity tag (RFC 9110, section 8.8.3): `"<revision>-<16 hex digits>"`, with the name of the
/// content coding behind it for a compressed form, whose bytes are others.
package struct EntityTag: Hashable, Sendable, CustomStringConvertible {
    package let revision: Revision
    package let digest: UInt64

    package init(revision: Revision, digest: UInt64) {
        self.revision = revision
        self.digest = digest
    }

    /// Reads one quoted tag, weak or strong; nil for anything that this server never sent.
    package init?(_ text: some StringProtocol) {
        var rest = text[...]
        if rest.hasPrefix("W/") { rest = rest.dropFirst(2) }
        guard rest.count >= 2, rest.first == "\"", rest.last == "\"" else { return nil }
        let parts = rest.dropFirst().dropLast().split(
            separator: "-", omittingEmptySubsequences: false)
        // A form's own tag stands for the same content.
        guard parts.count == 2 || parts.count == 3 && Self.codings.contains(String(parts[2])),
            let revision = UInt64(parts[0]), parts[1].count == 16,
            let digest = UInt64(parts[1], radix: 16)
        else { return nil }
        self.init(revision: Revision(revision), digest: digest)
    }

    /// Names of the content codings that tags may end in.
    private static let codings: Set<String> = ["gzip", "zstd"]

    /// The tag of a compressed form.
    package func description(coding: String) -> String {
        "\(description.dropLast())-\(coding)\""
    }

    package var description: String {
        let hex = String(digest, radix: 16)
        return "\"\(revision.value)-\(String(repeating: "0", count: 16 - hex.count))\(hex)\""
    }
}

/// The value of an `If-Match` or `If-None-Match` header.
package enum EntityTagCondition: Hashable, Sendable {
    /// `*`: any present state.
    case any
    /// One of these tags; tags that this server never sent match nothing and are left out.
    case tags([EntityTag])

    /// Reads a header's value, a comma-separated list or `*`.
    package init(_ header: String) {
        let items = header.split(separator: ",").map { $0.trimmed }
        self = items.contains("*") ? .any : .tags(items.compactMap { EntityTag($0) })
    }

    /// Whether a present state with this tag meets the condition; nil stands for absence.
    package func matches(_ tag: EntityTag?) -> Bool {
        switch self {
        case .any: tag != nil
        case .tags(let tags): tag.map(tags.contains) ?? false
        }
    }
}

extension Substring {
    fileprivate var trimmed: Substring {
        let isBlank: (Character) -> Bool = { $0 == " " || $0 == "\t" }
        var rest = drop(while: isBlank)
        while let last = rest.last, isBlank(last) { rest.removeLast() }
        return rest
    }
}
