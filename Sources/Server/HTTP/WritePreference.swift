import HTTPTypes

/// What a write asks for in `Prefer` (RFC 7240): to be answered when every replica shows it.
///
/// `wait=2, visibility=all`; the wait is in seconds, two when it is not given. Whatever else is
/// there, or cannot be read, is ignored.
struct WritePreference: Hashable, Sendable {
    /// How long to wait at the most, in seconds.
    let wait: Int

    /// Reads the header's fields; nil unless they ask for `visibility=all`.
    init?(_ fields: [String]) {
        var preferences: [String: String] = [:]
        for field in fields {
            for part in Self.split(field, at: ",") {
                guard let (name, value) = Self.preference(part), preferences[name] == nil else {
                    continue
                }
                // Only the first of several counts.
                preferences[name] = value
            }
        }
        guard preferences["visibility"] == "all" else { return nil }
        let asked = preferences["wait"].flatMap(Self.seconds)
        wait = min(asked ?? ServerLimits.visibilityWait, ServerLimits.visibilityWaitMax)
    }

    private static func seconds(_ text: String) -> Int? {
        let isNumber = !text.isEmpty && text.utf8.allSatisfy { (48...57).contains($0) }
        return isNumber ? Int(text) ?? Int.max : nil
    }

    /// `name`, `name=value` or `name="value"`, without its parameters.
    private static func preference(_ text: Substring) -> (name: String, value: String)? {
        guard let own = split(String(text), at: ";").first else { return nil }
        let parts = own.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        guard let name = parts.first.map(trim), !name.isEmpty else { return nil }
        var value = parts.count > 1 ? trim(parts[1]) : ""
        if value.count >= 2, value.hasPrefix("\""), value.hasSuffix("\"") {
            value = value.dropFirst().dropLast()
        }
        return (name.lowercased(), String(value))
    }

    private static func trim(_ text: Substring) -> Substring {
        let isBlank: (Character) -> Bool = { $0 == " " || $0 == "\t" }
        var rest = text.drop(while: isBlank)
        while let last = rest.last, isBlank(last) { rest.removeLast() }
        return rest
    }

    /// Splits at a character outside quoted strings.
    private static func split(_ text: String, at separator: Character) -> [Substring] {
        var parts: [Substring] = []
        var start = text.startIndex
        var isQuoted = false
        var isEscaped = false
        for index in text.indices {
            let character = text[index]
            if isEscaped {
                isEscaped = false
            } else if isQuoted, character == "\\" {
                isEscaped = true
            } else if character == "\"" {
                isQuoted.toggle()
            } else if character == separator, !isQuoted {
                parts.append(text[start..<index])
                start = text.index(after: index)
            }
        }
        parts.append(text[start...])
        return parts
    }
}
