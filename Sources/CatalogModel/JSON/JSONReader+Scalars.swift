extension JSONReader {
    /// Reads a string; the reader stands on the opening quote.
    mutating func readString() throws(JSONError) -> String {
        let start = index + 1
        index = start
        var allBits: UInt8 = 0
        while index < bytes.count {
            let byte = bytes[index]
            if byte == UInt8(ascii: "\"") {
                index += 1
                let slice = bytes[start..<(index - 1)]
                // Plain ASCII needs no validation, which costs more than all the rest.
                if allBits < 0x80 { return String(decoding: slice, as: UTF8.self) }
                return try text(slice, from: start)
            }
            allBits |= byte
            if byte == UInt8(ascii: "\\") { return try readEscapedString(from: start) }
            guard byte >= 0x20 else { throw failure("control character in a string") }
            index += 1
        }
        throw failure("unterminated string")
    }

    private func text(
        _ slice: ArraySlice<UInt8>, from start: Int
    ) throws(JSONError) -> String {
        guard let text = String(validating: slice, as: UTF8.self) else {
            throw failure("invalid UTF-8 in a string", .invalidText, at: start)
        }
        return text
    }

    private mutating func readEscapedString(from start: Int) throws(JSONError) -> String {
        var scratch = Array(bytes[start..<index])
        while index < bytes.count {
            let byte = bytes[index]
            if byte == UInt8(ascii: "\"") {
                index += 1
                return try text(scratch[...], from: start)
            }
            if byte == UInt8(ascii: "\\") {
                try readEscape(into: &scratch)
                continue
            }
            guard byte >= 0x20 else { throw failure("control character in a string") }
            scratch.append(byte)
            index += 1
        }
        throw failure("unterminated string")
    }

    private mutating func readEscape(into scratch: inout [UInt8]) throws(JSONError) {
        guard index + 1 < bytes.count else { throw failure("unterminated string") }
        let escape = bytes[index + 1]
        switch escape {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): scratch.append(escape)
        case UInt8(ascii: "b"): scratch.append(0x08)
        case UInt8(ascii: "f"): scratch.append(0x0C)
        case UInt8(ascii: "n"): scratch.append(0x0A)
        case UInt8(ascii: "r"): scratch.append(0x0D)
        case UInt8(ascii: "t"): scratch.append(0x09)
        case UInt8(ascii: "u"):
            let scalar = try readUnicodeEscape()
            scratch.append(contentsOf: Character(scalar).utf8)
            return
        default: throw failure("invalid escape sequence")
        }
        index += 2
    }

    /// Reads `\uXXXX` or a surrogate pair of two such escapes.
    private mutating func readUnicodeEscape() throws(JSONError) -> Unicode.Scalar {
        let start = index
        let first = try readHexQuad()
        guard first != 0 else {
            throw failure("the character U+0000 cannot be stored", .invalidText, at: start)
        }
        if let scalar = Unicode.Scalar(first) { return scalar }
        guard (0xD800..<0xDC00).contains(first), index + 1 < bytes.count,
            bytes[index] == UInt8(ascii: "\\"), bytes[index + 1] == UInt8(ascii: "u")
        else { throw failure("lone surrogate", .invalidText, at: start) }
        let second = try readHexQuad()
        guard (0xDC00..<0xE000).contains(second),
            let scalar = Unicode.Scalar(0x10000 + ((first - 0xD800) << 10) + (second - 0xDC00))
        else { throw failure("lone surrogate", .invalidText, at: start) }
        return scalar
    }

    private mutating func readHexQuad() throws(JSONError) -> UInt32 {
        index += 2
        var value: UInt32 = 0
        for _ in 0..<4 {
            guard index < bytes.count, let digit = bytes[index].hexDigitValue else {
                throw failure("expected four hexadecimal digits")
            }
            value = value << 4 | UInt32(digit)
            index += 1
        }
        return value
    }

    /// Reads a number; the reader stands on its sign or first digit.
    mutating func readNumber() throws(JSONError) -> JSONNumber {
        let start = index
        if bytes[index] == UInt8(ascii: "-") { index += 1 }
        let integerStart = index
        var digits = skipDigits()
        guard digits > 0 else { throw failure("expected a digit") }
        guard digits == 1 || bytes[integerStart] != UInt8(ascii: "0") else {
            throw failure("leading zero in a number", at: integerStart)
        }
        if index < bytes.count, bytes[index] == UInt8(ascii: ".") {
            index += 1
            let fraction = skipDigits()
            guard fraction > 0 else { throw failure("expected a digit") }
            digits += fraction
        }
        let exponent = try readExponent()
        let text = String(decoding: bytes[start..<index], as: UTF8.self)
        // Only long or scaled numbers can leave the range of a double.
        if digits > 18 || exponent != 0 {
            guard exponent <= CatalogLimits.jsonNumberExponent,
                digits + exponent <= CatalogLimits.jsonNumberDigits,
                let value = Double(text), value.isFinite
            else { throw failure("number out of range", .numberOutOfRange, at: start) }
        }
        return JSONNumber(checked: text)
    }

    /// Reads an optional exponent and returns its magnitude, saturated.
    private mutating func readExponent() throws(JSONError) -> Int {
        guard index < bytes.count, bytes[index] | 0x20 == UInt8(ascii: "e") else { return 0 }
        index += 1
        if index < bytes.count,
            bytes[index] == UInt8(ascii: "+") || bytes[index] == UInt8(ascii: "-")
        {
            index += 1
        }
        let start = index
        guard skipDigits() > 0 else { throw failure("expected a digit") }
        var magnitude = 0
        for digit in bytes[start..<index] where magnitude < 100_000 {
            magnitude = magnitude * 10 + Int(digit - UInt8(ascii: "0"))
        }
        return magnitude
    }

    private mutating func skipDigits() -> Int {
        let start = index
        while index < bytes.count, bytes[index].isASCIIDigit { index += 1 }
        return index - start
    }
}
