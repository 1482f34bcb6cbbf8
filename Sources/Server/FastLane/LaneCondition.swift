import CatalogModel
import Compression

/// Reads the plain form of `If-None-Match`: one strong tag as this server writes it.
enum LaneCondition {
    /// How the tags of compressed forms end; both are of one length.
    private static let endings = [ContentCoding.gzip, .zstd].map { coding in
        (bytes: Array("-\(coding.rawValue)\"".utf8), coding: coding)
    }

    /// The tag, or nil for anything else, which the router reads.
    static func tag(_ text: Span<UInt8>) -> EntityTag? {
        guard text.count > 0, text[text.count - 1] == UInt8(ascii: "\"") else { return nil }
        return tag(unclosed: text.extracting(0..<(text.count - 1)))
    }

    /// The tag of a page in one of its forms, or nil for anything else.
    static func pageTag(_ text: Span<UInt8>) -> (tag: EntityTag, coding: ContentCoding)? {
        for ending in endings where hasSuffix(text, ending.bytes) {
            let tag = tag(unclosed: text.extracting(0..<(text.count - ending.bytes.count)))
            return tag.map { ($0, ending.coding) }
        }
        return tag(text).map { ($0, .identity) }
    }

    /// Reads a tag without what closes it.
    private static func tag(unclosed text: Span<UInt8>) -> EntityTag? {
        // A quote, at least one digit, a hyphen, sixteen digits.
        guard text.count >= 19, text.count <= 38, text[0] == UInt8(ascii: "\""),
            text[text.count - 17] == UInt8(ascii: "-")
        else { return nil }
        let digits = 1..<(text.count - 17)
        guard text[1] != UInt8(ascii: "0") || digits.count == 1 else { return nil }
        var revision: UInt64 = 0
        for index in digits {
            guard text[index] >= UInt8(ascii: "0"), text[index] <= UInt8(ascii: "9") else {
                return nil
            }
            let (product, isTooLarge) = revision.multipliedReportingOverflow(by: 10)
            let (sum, isLarger) = product.addingReportingOverflow(UInt64(text[index] - 48))
            guard !isTooLarge, !isLarger else { return nil }
            revision = sum
        }
        var digest: UInt64 = 0
        for index in (text.count - 16)..<text.count {
            guard let digit = hexDigit(text[index]) else { return nil }
            digest = digest << 4 | UInt64(digit)
        }
        return EntityTag(revision: Revision(revision), digest: digest)
    }

    private static func hasSuffix(_ text: Span<UInt8>, _ suffix: [UInt8]) -> Bool {
        guard text.count >= suffix.count else { return false }
        let start = text.count - suffix.count
        for index in suffix.indices where text[start + index] != suffix[index] { return false }
        return true
    }

    private static func hexDigit(_ byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
        default: nil
        }
    }
}
