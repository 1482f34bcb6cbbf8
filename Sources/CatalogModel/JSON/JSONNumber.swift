/// A JSON number that keeps its source text, so that nothing is lost on the way through.
///
/// Equality compares the text: `1` and `1.0` differ.
package struct JSONNumber: Hashable, Sendable, CustomStringConvertible {
    package let text: String

    /// An integer.
    package init(_ value: Int64) {
        text = String(value)
    }

    /// A finite number; an infinite one becomes the largest finite one, not-a-number becomes zero.
    package init(_ value: Double) {
        let finite =
            value.isNaN
            ? 0
            : min(max(value, -Double.greatestFiniteMagnitude), .greatestFiniteMagnitude)
        if let integer = JSONNumber.exactInteger(finite) {
            text = String(integer)
        } else {
            text = String(finite)
        }
    }

    /// A number in JSON syntax, or nil if the text is none or exceeds the limits.
    package init?(text: String) {
        guard let value = try? JSONParser.parse(Array(text.utf8)),
            case .number(let number) = value, number.text == text
        else { return nil }
        self = number
    }

    init(checked text: String) {
        self.text = text
    }

    /// The exact integer, if the number is integral and fits.
    package var int: Int64? { Int64(text) ?? JSONNumber.exactInteger(double) }

    /// The nearest double.
    package var double: Double { Double(text) ?? 0 }

    package var description: String { text }

    private static func exactInteger(_ value: Double) -> Int64? {
        guard value.magnitude <= 9_007_199_254_740_992 else { return nil }
        return Int64(exactly: value)
    }
}
