import CatalogModel

/// Reads plain scalars by the core schema of YAML 1.2.
enum YAMLScalar {
    /// What a scalar without quotes and tag means.
    enum Resolution: Equatable {
        case null
        case bool(Bool)
        /// A number in the notation of JSON.
        case number(JSONNumber)
        /// A number that JSON cannot carry: infinite, not a number or out of range.
        case unsupportedNumber
        case string
    }

    /// The meaning of a plain scalar; `yes`, `no`, `on`, `off` and dates are strings.
    static func resolve(_ text: String) -> Resolution {
        switch text {
        case "", "~", "null", "Null", "NULL": return .null
        case "true", "True", "TRUE": return .bool(true)
        case "false", "False", "FALSE": return .bool(false)
        default: break
        }
        guard let first = text.utf8.first, startsNumber(first) else { return .string }
        return number(text)
    }

    /// The meaning of a scalar as a number, or `.string` if it is not written like one.
    static func number(_ text: String) -> Resolution {
        switch text.lowercased() {
        case ".inf", "+.inf", "-.inf", ".nan": return .unsupportedNumber
        default: break
        }
        if text.hasPrefix("0x") { return prefixed(text, radix: 16) }
        if text.hasPrefix("0o") { return prefixed(text, radix: 8) }
        guard let decimal = Decimal(text) else { return .string }
        guard text.utf8.count <= SourceLimits.numberLength,
            let number = JSONNumber(text: decimal.jsonText), number.double.isFinite
        else {
            return .unsupportedNumber
        }
        return .number(number)
    }

    private static func startsNumber(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "+"),
            UInt8(ascii: "-"):
            true
        default: false
        }
    }

    private static func prefixed(_ text: String, radix: Int) -> Resolution {
        let digits = text.dropFirst(2)
        guard !digits.isEmpty, digits.allSatisfy({ $0.isASCII && isDigit($0, radix) }) else {
            return .string
        }
        guard let value = Int64(digits, radix: radix) else { return .unsupportedNumber }
        return .number(JSONNumber(value))
    }

    private static func isDigit(_ character: Character, _ radix: Int) -> Bool {
        character.hexDigitValue.map { $0 < radix } ?? false
    }

    /// The parts of a decimal number; YAML allows a plus sign, leading zeros and bare points.
    private struct Decimal {
        private var negative = false
        private var whole: Substring.UTF8View
        private var fraction: Substring.UTF8View?
        private var exponent: Substring.UTF8View?

        init?(_ text: String) {
            var rest = text[...].utf8
            if let sign = rest.first, sign == UInt8(ascii: "-") || sign == UInt8(ascii: "+") {
                negative = sign == UInt8(ascii: "-")
                rest.removeFirst()
            }
            whole = Decimal.takeDigits(&rest)
            if rest.first == UInt8(ascii: ".") {
                rest.removeFirst()
                fraction = Decimal.takeDigits(&rest)
            }
            guard !whole.isEmpty || fraction?.isEmpty == false else { return nil }
            if let mark = rest.first, mark | 0x20 == UInt8(ascii: "e") {
                rest.removeFirst()
                let all = rest
                if let sign = rest.first, sign == UInt8(ascii: "-") || sign == UInt8(ascii: "+") {
                    rest.removeFirst()
                }
                guard !Decimal.takeDigits(&rest).isEmpty else { return nil }
                exponent = all
            }
            guard rest.isEmpty else { return nil }
        }

        /// The same number as JSON writes it, every significant digit kept.
        var jsonText: String {
            let zero = UInt8(ascii: "0")
            let significant = Substring(whole.drop { $0 == zero })
            var text = (negative ? "-" : "") + (significant.isEmpty ? "0" : String(significant))
            if let fraction {
                text += "." + (fraction.isEmpty ? "0" : String(Substring(fraction)))
            }
            if let exponent { text += "e" + String(Substring(exponent)) }
            return text
        }

        private static func takeDigits(
            _ rest: inout Substring.UTF8View
        ) -> Substring.UTF8View {
            let digits = rest.prefix { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
            rest = rest.dropFirst(digits.count)
            return digits
        }
    }
}
