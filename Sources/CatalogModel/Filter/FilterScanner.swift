/// The characters of a filter query and the place reached.
struct FilterScanner {
    let bytes: [UInt8]
    private(set) var index = 0

    init(_ bytes: [UInt8]) {
        self.bytes = bytes
    }

    var isAtEnd: Bool { index >= bytes.count }

    /// The place reached, from one.
    var position: Int { index + 1 }

    func syntaxError(_ problem: String, at position: Int? = nil) -> RequestError {
        .badRequest(
            "invalid filter query syntax: \(problem) at position \(position ?? self.position)")
    }

    private func peek(_ distance: Int = 0) -> UInt8? {
        index + distance < bytes.count ? bytes[index + distance] : nil
    }

    /// Skips white space and comments.
    mutating func skipSpace() {
        while let byte = peek() {
            if byte == 0x20 || (0x09...0x0D).contains(byte) {
                index += 1
            } else if isComment {
                while let next = peek(), next != UInt8(ascii: "\n") {
                    _ = next
                    index += 1
                }
            } else {
                return
            }
        }
    }

    private var isComment: Bool { peek() == UInt8(ascii: "-") && peek(1) == UInt8(ascii: "-") }

    mutating func take(_ byte: UInt8) -> Bool {
        skipSpace()
        guard peek() == byte else { return false }
        index += 1
        return true
    }

    /// Takes a keyword in any case that stands alone as a word.
    mutating func take(keyword: StaticString) -> Bool {
        skipSpace()
        var end = index
        for byte in keyword.description.utf8 {
            guard end < bytes.count, bytes[end] & 0xDF == byte else { return false }
            end += 1
        }
        if end < bytes.count, Self.isWordByte(bytes[end]) { return false }
        index = end
        return true
    }

    /// Reads a property: words or texts in backticks, joined by dots.
    mutating func readPath() throws(RequestError) -> String {
        skipSpace()
        var path = try readPathPart()
        while peek() == UInt8(ascii: ".") {
            index += 1
            path += "." + (try readPathPart())
        }
        return path
    }

    private mutating func readPathPart() throws(RequestError) -> String {
        let start = index
        if peek() == UInt8(ascii: "`") {
            index += 1
            while let byte = peek(), byte != UInt8(ascii: "`") {
                _ = byte
                index += 1
            }
            guard peek() != nil else { throw syntaxError("unterminated backtick", at: start + 1) }
            index += 1
            guard index - start > 2 else { throw syntaxError("empty property", at: start + 1) }
            return String(decoding: bytes[(start + 1)..<(index - 1)], as: UTF8.self)
        }
        guard let first = peek(), Self.isWordByte(first), !first.isASCIIDigit else {
            throw syntaxError(
                isAtEnd ? "unexpected end, expected a property" : "expected a property")
        }
        while let byte = peek(), Self.isWordByte(byte) { index += 1 }
        return String(decoding: bytes[start..<index], as: UTF8.self)
    }

    static func isWordByte(_ byte: UInt8) -> Bool {
        byte.isASCIILetter || byte.isASCIIDigit || byte == UInt8(ascii: "_")
    }
}

extension FilterScanner {
    /// Reads a comparison operator; nil stands for `IN`.
    mutating func readComparator() throws(RequestError) -> FilterExpression.Comparator? {
        skipSpace()
        let second = peek(1)
        switch peek() {
        case UInt8(ascii: "="): return advance(1, .equal)
        case UInt8(ascii: "!") where second == UInt8(ascii: "="): return advance(2, .notEqual)
        case UInt8(ascii: "<") where second == UInt8(ascii: ">"): return advance(2, .notEqual)
        case UInt8(ascii: "<") where second == UInt8(ascii: "="): return advance(2, .lessOrEqual)
        case UInt8(ascii: "<"): return advance(1, .less)
        case UInt8(ascii: ">") where second == UInt8(ascii: "="): return advance(2, .greaterOrEqual)
        case UInt8(ascii: ">"): return advance(1, .greater)
        default: break
        }
        if take(keyword: "LIKE") { return .like }
        if take(keyword: "ILIKE") { return .ilike }
        if take(keyword: "IN") { return nil }
        throw syntaxError(isAtEnd ? "unexpected end, expected an operator" : "expected an operator")
    }

    private mutating func advance(
        _ count: Int, _ comparator: FilterExpression.Comparator
    ) -> FilterExpression.Comparator {
        index += count
        return comparator
    }

    /// Reads a quoted text, a number, `true` or `false`, and, if allowed, a bare word.
    mutating func readLiteral(bareWords: Bool) throws(RequestError) -> FilterLiteral {
        skipSpace()
        let start = position
        guard let first = peek() else { throw syntaxError("unexpected end, expected a value") }
        if first == UInt8(ascii: "'") || first == UInt8(ascii: "\"") {
            let text = try readQuoted(first)
            return FilterLiteral(value: .string(text), text: text)
        }
        let word = readBareWord()
        guard !word.isEmpty else { throw syntaxError("expected a value") }
        if let value = Self.typedValue(word) { return FilterLiteral(value: value, text: word) }
        guard bareWords else {
            throw syntaxError("expected a quoted text, a number, true or false", at: start)
        }
        return FilterLiteral(value: .string(word), text: word)
    }

    private mutating func readQuoted(_ quote: UInt8) throws(RequestError) -> String {
        let start = position
        index += 1
        var text: [UInt8] = []
        while let byte = peek() {
            index += 1
            if byte == quote { return String(decoding: text, as: UTF8.self) }
            guard byte == UInt8(ascii: "\\") else {
                text.append(byte)
                continue
            }
            guard let escaped = peek() else { break }
            index += 1
            switch escaped {
            case UInt8(ascii: "n"): text.append(0x0A)
            case UInt8(ascii: "r"): text.append(0x0D)
            case UInt8(ascii: "t"): text.append(0x09)
            default: text.append(escaped)
            }
        }
        throw syntaxError("unterminated text", at: start)
    }

    private mutating func readBareWord() -> String {
        let start = index
        while let byte = peek(), !Self.endsBareWord(byte), !isComment { index += 1 }
        return String(decoding: bytes[start..<index], as: UTF8.self)
    }

    private static func endsBareWord(_ byte: UInt8) -> Bool {
        byte <= 0x20 || "()',\"`=<>!;".utf8.contains(byte)
    }

    private static func typedValue(_ word: String) -> FilterLiteral.Value? {
        let folded = Fold.fold(word)
        if folded == "true" { return .boolean(true) }
        if folded == "false" { return .boolean(false) }
        // Swift also reads hexadecimal, infinite and not-a-number spellings; the grammar has none.
        let isNumeric = word.utf8.allSatisfy {
            $0.isASCIIDigit || "+-.eE".utf8.contains($0)
        }
        guard isNumeric, word.utf8.contains(where: \.isASCIIDigit) else { return nil }
        if let integer = Int64(word) { return .integer(integer) }
        if let number = Double(word), number.isFinite { return .double(number) }
        return nil
    }
}
