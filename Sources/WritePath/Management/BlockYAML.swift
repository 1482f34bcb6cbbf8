import CatalogModel

/// Writes JSON values as YAML in block style, as people write it.
struct BlockYAML {
    private static let indentation = 2
    /// Words that mean something else than a text.
    private static let reserved: Set<String> = [
        "null", "true", "false", "yes", "no", "on", "off", "y", "n",
    ]

    private var text = ""

    /// The text of an object, ended by a newline.
    static func text(of object: JSONObject) -> String {
        guard !object.isEmpty else { return "{}\n" }
        var writer = BlockYAML()
        writer.members(object, 0, isContinued: false)
        return writer.text
    }

    private static func pad(_ indent: Int) -> String { String(repeating: " ", count: indent) }

    /// Writes one member a line; the first one may continue the line of a list's dash.
    private mutating func members(_ object: JSONObject, _ indent: Int, isContinued: Bool) {
        for (index, member) in object.members.enumerated() {
            if index > 0 || !isContinued { text += Self.pad(indent) }
            text += Self.isPlain(member.key) ? member.key : Self.quoted(member.key)
            text += ":"
            value(member.value, indent)
        }
    }

    private mutating func value(_ value: JSONValue, _ indent: Int) {
        let inner = indent + Self.indentation
        switch value {
        case .object(let object) where !object.isEmpty:
            text += "\n"
            members(object, inner, isContinued: false)
        case .array(let elements) where !elements.isEmpty:
            text += "\n"
            for element in elements {
                text += Self.pad(inner) + "-"
                if case .object(let object) = element, !object.isEmpty {
                    text += " "
                    members(object, inner + Self.indentation, isContinued: true)
                } else {
                    self.value(element, inner)
                }
            }
        case .string(let string): text += " " + Self.scalar(string, inner) + "\n"
        default: text += " " + value.encodedText + "\n"
        }
    }

    private static func scalar(_ string: String, _ indent: Int) -> String {
        if isPlain(string) { return string }
        guard isBlock(string) else { return quoted(string) }
        var lines = string.split(separator: "\n", omittingEmptySubsequences: false)
        let isEnded = lines.last?.isEmpty == true
        if isEnded { lines.removeLast() }
        let padded = lines.map { $0.isEmpty ? "" : pad(indent) + $0 }
        return (isEnded ? "|\n" : "|-\n") + padded.joined(separator: "\n")
    }

    /// The text as JSON writes it, with escapes for what YAML takes as the end of a line or refuses.
    private static func quoted(_ text: String) -> String {
        var result = ""
        for scalar in JSONValue.string(text).encodedText.unicodeScalars {
            switch scalar.value {
            case 0x7F...0x9F, 0x2028...0x2029, 0xFEFF:
                let hex = String(scalar.value, radix: 16)
                result += "\\u" + String(repeating: "0", count: 4 - hex.count) + hex
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result
    }

    /// Whether a text can stand without quotes and still be read as a text.
    private static func isPlain(_ text: String) -> Bool {
        guard let first = text.utf8.first, first.isASCIILetter || first == UInt8(ascii: "_"),
            !reserved.contains(Fold.fold(text))
        else { return false }
        return text.utf8.allSatisfy { byte in
            byte.isASCIILetter || (48...57).contains(byte) || "-_./".utf8.contains(byte)
        }
    }

    /// Whether a text of several lines can stand as a literal block.
    private static func isBlock(_ text: String) -> Bool {
        guard text.contains("\n"), !text.hasSuffix("\n\n"), text.utf8.first != 0x20,
            text.utf8.first != 0x0A
        else { return false }
        return text.unicodeScalars.allSatisfy { scalar in
            (0x20...0x7E).contains(scalar.value) || scalar == "\n" || scalar.properties.isAlphabetic
        }
    }
}

extension UInt8 {
    fileprivate var isASCIILetter: Bool { (65...90).contains(self) || (97...122).contains(self) }
}
