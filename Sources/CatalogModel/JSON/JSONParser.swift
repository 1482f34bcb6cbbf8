/// A strict reader of JSON (RFC 8259) that accepts only what the database can hold.
///
/// Rejected besides malformed text: duplicate keys, U+0000, lone surrogates, numbers beyond the
/// range of a double, nesting beyond the limit.
package enum JSONParser {
    /// The bounds of one parse.
    package struct Limits: Sendable {
        package var nesting: Int

        /// Bounds with the given depth of nesting.
        package init(nesting: Int = CatalogLimits.jsonNesting) {
            self.nesting = nesting
        }
    }

    /// Reads one value that takes the whole input.
    package static func parse(
        _ bytes: [UInt8], limits: Limits = Limits()
    ) throws(JSONError) -> JSONValue {
        var reader = JSONReader(bytes: bytes, limits: limits)
        return try reader.readDocument()
    }

    /// Reads one value that takes the whole input; copies the input once.
    package static func parse(
        _ bytes: Span<UInt8>, limits: Limits = Limits()
    ) throws(JSONError) -> JSONValue {
        var copy: [UInt8] = []
        copy.reserveCapacity(bytes.count)
        for index in bytes.indices { copy.append(bytes[index]) }
        return try parse(copy, limits: limits)
    }

    /// Reads one value that takes the whole text.
    package static func parse(
        _ text: String, limits: Limits = Limits()
    ) throws(JSONError) -> JSONValue {
        try parse(Array(text.utf8), limits: limits)
    }
}
