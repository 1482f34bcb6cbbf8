import CatalogModel

/// Reads the plain form of `If-None-Match`: one strong tag as this server writes it.
enum LaneCondition {
    /// The tag, or nil for anything else, which the router reads.
    static func tag(_ text: Span<UInt8>) -> EntityTag? {
        let quote = UInt8(ascii: "\"")
        // Quotes, at least one digit, a hyphen, sixteen digits.
        guard text.count >= 20, text.count <= 39, text[0] == quote, text[text.count - 1] == quote,
            text[text.count - 18] == UInt8(ascii: "-")
        else { return nil }
        let digits = 1..<(text.count - 18)
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
        for index in (text.count - 17)..<(text.count - 1) {
            guard let digit = hexDigit(text[index]) else { return nil }
            digest = digest << 4 | UInt64(digit)
        }
        return EntityTag(revision: Revision(revision), digest: digest)
    }

    private static func hexDigit(_ byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
        default: nil
        }
    }
}
