package import CatalogModel

/// JSON as Postgres prints a jsonb value, so that a document has the same bytes in both stores.
///
/// Members are ordered by the length of their keys and then by their bytes; numbers are written
/// without an exponent and keep their fractional digits, as `numeric` does.
package enum StoredJSON {
    /// Members of a document that are an overlay's.
    static let overlayKeys = ["tags", "annotations", "lifecycle"]

    /// The canonical text; about 5 µs per KiB.
    package static func canonical(_ text: String) throws(JSONError) -> String {
        try canonical(JSONParser.parse(text))
    }

    /// The canonical text of a value.
    package static func canonical(_ value: JSONValue) -> String {
        var buffer: [UInt8] = []
        append(value, to: &buffer)
        return String(decoding: buffer, as: UTF8.self)
    }

    /// The document without the members that are an overlay's.
    static func withoutOverlay(_ text: String) throws(JSONError) -> String {
        guard var object = try JSONParser.parse(text).objectValue else { return text }
        for key in overlayKeys { object[key] = nil }
        return canonical(.object(object))
    }

    /// The document with an overlay laid over it; as it is where there is none.
    static func overlaid(_ text: String, _ overlay: String?) throws(JSONError) -> String {
        guard let overlay else { return text }
        guard var object = try JSONParser.parse(text).objectValue,
            let members = try JSONParser.parse(overlay).objectValue?.members
        else { return text }
        for key in overlayKeys { object[key] = nil }
        for member in members { object[member.key] = member.value }
        return canonical(.object(object))
    }

    private static func append(_ value: JSONValue, to buffer: inout [UInt8]) {
        switch value {
        case .null, .bool, .string: JSONWriter.append(value, to: &buffer)
        case .number(let number): buffer.append(contentsOf: plain(number.text).utf8)
        case .array(let elements):
            buffer.append(UInt8(ascii: "["))
            for (index, element) in elements.enumerated() {
                if index > 0 { buffer.append(contentsOf: ", ".utf8) }
                append(element, to: &buffer)
            }
            buffer.append(UInt8(ascii: "]"))
        case .object(let object):
            buffer.append(UInt8(ascii: "{"))
            for (index, member) in object.members.sorted(by: precedes).enumerated() {
                if index > 0 { buffer.append(contentsOf: ", ".utf8) }
                JSONWriter.append(member.key, to: &buffer)
                buffer.append(contentsOf: ": ".utf8)
                append(member.value, to: &buffer)
            }
            buffer.append(UInt8(ascii: "}"))
        }
    }

    private static func precedes(_ left: JSONObject.Member, _ right: JSONObject.Member) -> Bool {
        let (one, other) = (left.key.utf8, right.key.utf8)
        return one.count == other.count
            ? one.lexicographicallyPrecedes(other) : one.count < other.count
    }

    /// A number as `numeric` prints it: `1.50e1` is `15.0`, `-0` is `0`.
    static func plain(_ text: String) -> String {
        let isNegative = text.hasPrefix("-")
        let parts = text.split(whereSeparator: { $0 == "e" || $0 == "E" })
        let exponent = parts.count > 1 ? Int(parts[1]) ?? 0 : 0
        let mantissa = parts[0].drop { $0 == "-" }
        let halves = mantissa.split(separator: ".")
        let whole = String(halves[0])
        let fraction = halves.count > 1 ? String(halves[1]) : ""
        guard exponent != 0 || isNegative else { return text }
        var digits = Array((whole + fraction).utf8)
        var point = whole.utf8.count + exponent
        if point <= 0 {
            digits.insert(contentsOf: repeatElement(UInt8(ascii: "0"), count: 1 - point), at: 0)
            point = 1
        }
        while digits.count < point { digits.append(UInt8(ascii: "0")) }
        let scale = max(0, fraction.utf8.count - exponent)
        var before = digits[..<point]
        while before.count > 1, before.first == UInt8(ascii: "0") { before.removeFirst() }
        let after = digits[point...].prefix(scale)
        var plain = String(decoding: before, as: UTF8.self)
        if scale > 0 { plain += "." + String(decoding: after, as: UTF8.self) }
        let isZero = plain.utf8.allSatisfy { $0 == UInt8(ascii: "0") || $0 == UInt8(ascii: ".") }
        return isNegative && !isZero ? "-" + plain : plain
    }
}
