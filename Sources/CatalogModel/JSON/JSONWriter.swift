/// A writer of compact JSON in UTF-8.
package enum JSONWriter {
    /// Appends a value.
    package static func append(_ value: JSONValue, to buffer: inout [UInt8]) {
        switch value {
        case .null: buffer.append(contentsOf: "null".utf8)
        case .bool(let flag): buffer.append(contentsOf: (flag ? "true" : "false").utf8)
        case .number(let number): buffer.append(contentsOf: number.text.utf8)
        case .string(let text): append(text, to: &buffer)
        case .array(let elements):
            buffer.append(UInt8(ascii: "["))
            for (index, element) in elements.enumerated() {
                if index > 0 { buffer.append(UInt8(ascii: ",")) }
                append(element, to: &buffer)
            }
            buffer.append(UInt8(ascii: "]"))
        case .object(let object): append(object, to: &buffer)
        }
    }

    /// Appends an object.
    package static func append(_ object: JSONObject, to buffer: inout [UInt8]) {
        buffer.append(UInt8(ascii: "{"))
        for (index, member) in object.members.enumerated() {
            if index > 0 { buffer.append(UInt8(ascii: ",")) }
            append(member.key, to: &buffer)
            buffer.append(UInt8(ascii: ":"))
            append(member.value, to: &buffer)
        }
        buffer.append(UInt8(ascii: "}"))
    }

    /// Appends a string in quotes; a text without special characters is copied as one run.
    package static func append(_ text: String, to buffer: inout [UInt8]) {
        buffer.append(UInt8(ascii: "\""))
        if containsSpecial(text) {
            for byte in text.utf8 {
                if isSpecial(byte) {
                    appendEscape(byte, to: &buffer)
                } else {
                    buffer.append(byte)
                }
            }
        } else {
            buffer.append(contentsOf: text.utf8)
        }
        buffer.append(UInt8(ascii: "\""))
    }

    private static func containsSpecial(_ text: String) -> Bool {
        let bytes = text.utf8.span
        for index in 0..<bytes.count where isSpecial(bytes[index]) { return true }
        return false
    }

    private static func isSpecial(_ byte: UInt8) -> Bool {
        byte < 0x20 || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\")
    }

    private static func appendEscape(_ byte: UInt8, to buffer: inout [UInt8]) {
        buffer.append(UInt8(ascii: "\\"))
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"): buffer.append(byte)
        case 0x08: buffer.append(UInt8(ascii: "b"))
        case 0x09: buffer.append(UInt8(ascii: "t"))
        case 0x0A: buffer.append(UInt8(ascii: "n"))
        case 0x0C: buffer.append(UInt8(ascii: "f"))
        case 0x0D: buffer.append(UInt8(ascii: "r"))
        default:
            buffer.append(contentsOf: "u00".utf8)
            for digit in [byte >> 4, byte & 0x0F] {
                buffer.append(
                    digit < 10 ? UInt8(ascii: "0") + digit : UInt8(ascii: "a") + digit - 10)
            }
        }
    }
}

extension JSONValue {
    /// Appends the compact JSON text.
    package func write(into buffer: inout [UInt8]) {
        JSONWriter.append(self, to: &buffer)
    }

    /// The compact JSON text as bytes.
    package var encoded: [UInt8] {
        var buffer: [UInt8] = []
        write(into: &buffer)
        return buffer
    }

    /// The compact JSON text.
    package var encodedText: String { String(decoding: encoded, as: UTF8.self) }
}
