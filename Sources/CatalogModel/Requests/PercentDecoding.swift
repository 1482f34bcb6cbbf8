/// Undoing of percent-encoding in the parts of a request's target.
package enum PercentDecoding {
    /// Decodes a path or one segment of it; `+` stays.
    ///
    /// Throws `.badRequest` for a malformed escape, invalid UTF-8 or U+0000.
    package static func path(_ text: some StringProtocol) throws(RequestError) -> String {
        try decode(text, plusIsSpace: false, part: "path")
    }

    /// Decodes a name or value of a query string; `+` is a space.
    ///
    /// Throws `.badRequest` for a malformed escape, invalid UTF-8 or U+0000.
    package static func query(_ text: some StringProtocol) throws(RequestError) -> String {
        try decode(text, plusIsSpace: true, part: "query")
    }

    private static func decode(
        _ text: some StringProtocol, plusIsSpace: Bool, part: String
    ) throws(RequestError) -> String {
        let isPlain = !text.utf8.contains {
            $0 == UInt8(ascii: "%") || $0 == 0 || (plusIsSpace && $0 == UInt8(ascii: "+"))
        }
        if isPlain { return String(text) }
        var decoded: [UInt8] = []
        decoded.reserveCapacity(text.utf8.count)
        var bytes = text.utf8.makeIterator()
        while let byte = bytes.next() {
            if byte == UInt8(ascii: "%") {
                guard let high = bytes.next()?.hexDigitValue, let low = bytes.next()?.hexDigitValue
                else { throw .badRequest("malformed percent-encoding in the \(part)") }
                decoded.append(high << 4 | low)
            } else if plusIsSpace, byte == UInt8(ascii: "+") {
                decoded.append(UInt8(ascii: " "))
            } else {
                decoded.append(byte)
            }
        }
        guard !decoded.contains(0), let result = String(validating: decoded, as: UTF8.self) else {
            throw .badRequest("invalid characters in the \(part)")
        }
        return result
    }
}
