/// A compiled pattern with wildcards that a whole text must match.
package struct WildcardPattern: Hashable, Sendable {
    private static let anyRun: UInt16 = 256
    private static let oneCharacter: UInt16 = 257

    /// Bytes of UTF-8, or one of the two marks above.
    private let tokens: [UInt16]

    /// A glob: `*` stands for any run of characters.
    init(glob text: String) {
        tokens = text.utf8.map { $0 == UInt8(ascii: "*") ? Self.anyRun : UInt16($0) }
    }

    /// An SQL pattern: `%` any run, `_` one character, a backslash takes the next one literally.
    init(like text: String) {
        var tokens: [UInt16] = []
        var escaped = false
        for byte in text.utf8 {
            if escaped {
                tokens.append(UInt16(byte))
                escaped = false
                continue
            }
            switch byte {
            case UInt8(ascii: "\\"): escaped = true
            case UInt8(ascii: "%"): tokens.append(Self.anyRun)
            case UInt8(ascii: "_"): tokens.append(Self.oneCharacter)
            default: tokens.append(UInt16(byte))
            }
        }
        if escaped { tokens.append(UInt16(UInt8(ascii: "\\"))) }
        self.tokens = tokens
    }

    private init(tokens: [UInt16]) {
        self.tokens = tokens
    }

    /// The same pattern; without any mark for a run it may match anywhere in the text.
    var unanchoredIfPlain: WildcardPattern {
        if tokens.contains(Self.anyRun) { return self }
        return WildcardPattern(tokens: [Self.anyRun] + tokens + [Self.anyRun])
    }

    /// The plain characters that every match begins with, up to the first that is not ASCII.
    var asciiPrefix: String {
        String(decoding: tokens.prefix { $0 < 0x80 }.map { UInt8($0) }, as: UTF8.self)
    }

    /// Whether the whole text matches.
    ///
    /// Keeps one point of return, so the worst case is the product of the two lengths.
    package func matches(_ string: String) -> Bool {
        let text = string.utf8.span
        var textIndex = 0
        var index = 0
        var retry: (index: Int, text: Int)?
        while textIndex < text.count {
            if index < tokens.count {
                let token = tokens[index]
                if token == Self.anyRun {
                    retry = (index, textIndex)
                    index += 1
                    continue
                }
                if token == Self.oneCharacter {
                    textIndex = Self.endOfCharacter(in: text, at: textIndex)
                    index += 1
                    continue
                }
                if token == UInt16(text[textIndex]) {
                    textIndex += 1
                    index += 1
                    continue
                }
            }
            guard let point = retry else { return false }
            textIndex = Self.endOfCharacter(in: text, at: point.text)
            retry = (point.index, textIndex)
            index = point.index + 1
        }
        while index < tokens.count, tokens[index] == Self.anyRun { index += 1 }
        return index == tokens.count
    }

    private static func endOfCharacter(in text: Span<UInt8>, at start: Int) -> Int {
        var index = start + 1
        while index < text.count, text[index] & 0xC0 == 0x80 { index += 1 }
        return index
    }
}
