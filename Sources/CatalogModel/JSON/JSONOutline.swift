/// Where the members of a JSON object lie in its text; found in one pass, without making values.
///
/// Refuses what the parser refuses and what the writer prints in another way, such as needless
/// escapes; so a value of an accepted text, without its spaces, is what parser and writer would
/// make of it. Reused from text to text, it allocates nothing.
package struct JSONOutline {
    /// What a value looks like.
    package enum Form: Sendable {
        case string, escapedString
        /// At most 18 digits without fraction or exponent.
        case integer
        case number, array, object, null
        case boolean(Bool)
    }

    /// Positions of one member; the key's without quotes, the value's as it is written.
    package struct Member: Sendable {
        package let key: Range<Int>
        package let value: Range<Int>
        package let form: Form
    }

    private static let maxComparedKeys = 32
    private static let maxIntegerDigits = 18
    /// Members for which there is room from the start.
    private static let usualMembers = 16

    package private(set) var members: [Member] = []
    /// Keys of the inner objects that are open, outermost first.
    private var innerKeys: [Range<Int>] = []
    private var index = 0
    /// All bytes of strings by OR, to know whether any is beyond ASCII.
    private var allBits: UInt64 = 0

    package init() {
        members.reserveCapacity(Self.usualMembers)
    }

    /// Finds the members of the one object that is the whole text; false where it is refused.
    ///
    /// About a quarter of a nanosecond for a byte of a long string.
    package mutating func read(_ bytes: borrowing Span<UInt8>) -> Bool {
        members.removeAll(keepingCapacity: true)
        innerKeys.removeAll(keepingCapacity: true)
        index = 0
        allBits = 0
        skipSpace(bytes)
        guard readMembers(bytes), index == bytes.count else { return false }
        guard allBits & 0x8080_8080_8080_8080 != 0 else { return true }
        do {
            _ = try UTF8Span(validating: copy bytes)
            return true
        } catch {
            return false
        }
    }

    private mutating func readMembers(_ bytes: borrowing Span<UInt8>) -> Bool {
        guard take(UInt8(ascii: "{"), bytes) else { return false }
        skipSpace(bytes)
        if !take(UInt8(ascii: "}"), bytes) {
            repeat {
                guard let key = readKey(bytes), members.count < Self.maxComparedKeys,
                    !members.contains(where: { Self.equal($0.key, key, bytes) })
                else { return false }
                let start = index
                guard let form = readValue(bytes, depth: 1) else { return false }
                members.append(Member(key: key, value: start..<index, form: form))
                skipSpace(bytes)
            } while take(UInt8(ascii: ","), bytes)
            guard take(UInt8(ascii: "}"), bytes) else { return false }
        }
        skipSpace(bytes)
        return true
    }

    /// Reads a key, its colon and the space around them; only keys of plain ASCII are accepted,
    /// as other texts may be equal in several spellings.
    private mutating func readKey(_ bytes: borrowing Span<UInt8>) -> Range<Int>? {
        skipSpace(bytes)
        guard take(UInt8(ascii: "\""), bytes) else { return nil }
        let start = index
        while index < bytes.count {
            let byte = bytes[index]
            if byte == UInt8(ascii: "\"") {
                let key = start..<index
                index += 1
                skipSpace(bytes)
                guard take(UInt8(ascii: ":"), bytes) else { return nil }
                skipSpace(bytes)
                return key
            }
            guard byte >= 0x20, byte < 0x80, byte != UInt8(ascii: "\\") else { return nil }
            index += 1
        }
        return nil
    }

    private mutating func readValue(_ bytes: borrowing Span<UInt8>, depth: Int) -> Form? {
        guard index < bytes.count else { return nil }
        switch bytes[index] {
        case UInt8(ascii: "\""): return readString(bytes)
        case UInt8(ascii: "{"): return readObject(bytes, depth: depth) ? .object : nil
        case UInt8(ascii: "["): return readArray(bytes, depth: depth) ? .array : nil
        case UInt8(ascii: "t"): return readWord("true", bytes) ? .boolean(true) : nil
        case UInt8(ascii: "f"): return readWord("false", bytes) ? .boolean(false) : nil
        case UInt8(ascii: "n"): return readWord("null", bytes) ? .null : nil
        default: return readNumber(bytes)
        }
    }

    private mutating func readWord(
        _ word: StaticString, _ bytes: borrowing Span<UInt8>
    ) -> Bool {
        for byte in word.description.utf8 {
            guard take(byte, bytes) else { return false }
        }
        return true
    }

    private mutating func readArray(_ bytes: borrowing Span<UInt8>, depth: Int) -> Bool {
        guard depth < CatalogLimits.jsonNesting else { return false }
        index += 1
        skipSpace(bytes)
        if take(UInt8(ascii: "]"), bytes) { return true }
        repeat {
            skipSpace(bytes)
            guard readValue(bytes, depth: depth + 1) != nil else { return false }
            skipSpace(bytes)
        } while take(UInt8(ascii: ","), bytes)
        return take(UInt8(ascii: "]"), bytes)
    }

    private mutating func readObject(_ bytes: borrowing Span<UInt8>, depth: Int) -> Bool {
        guard depth < CatalogLimits.jsonNesting else { return false }
        index += 1
        skipSpace(bytes)
        if take(UInt8(ascii: "}"), bytes) { return true }
        let first = innerKeys.count
        repeat {
            guard let key = readKey(bytes), innerKeys.count - first < Self.maxComparedKeys
            else { return false }
            for other in first..<innerKeys.count
            where Self.equal(innerKeys[other], key, bytes) { return false }
            innerKeys.append(key)
            guard readValue(bytes, depth: depth + 1) != nil else { return false }
            skipSpace(bytes)
        } while take(UInt8(ascii: ","), bytes)
        innerKeys.removeLast(innerKeys.count - first)
        return take(UInt8(ascii: "}"), bytes)
    }

    private static func equal(
        _ left: Range<Int>, _ right: Range<Int>, _ bytes: borrowing Span<UInt8>
    ) -> Bool {
        guard left.count == right.count else { return false }
        for offset in 0..<left.count
        where bytes[left.lowerBound + offset] != bytes[right.lowerBound + offset] { return false }
        return true
    }

    private mutating func take(_ byte: UInt8, _ bytes: borrowing Span<UInt8>) -> Bool {
        guard index < bytes.count, bytes[index] == byte else { return false }
        index += 1
        return true
    }

    private mutating func skipSpace(_ bytes: borrowing Span<UInt8>) {
        while index < bytes.count {
            switch bytes[index] {
            case 0x20, 0x0A, 0x0D, 0x09: index += 1
            default: return
            }
        }
    }

    private mutating func readNumber(_ bytes: borrowing Span<UInt8>) -> Form? {
        _ = take(UInt8(ascii: "-"), bytes)
        let start = index
        while index < bytes.count, bytes[index].isASCIIDigit { index += 1 }
        var digits = index - start
        guard digits > 0, digits == 1 || bytes[start] != UInt8(ascii: "0") else { return nil }
        var form = Form.integer
        if take(UInt8(ascii: "."), bytes) {
            let fraction = index
            while index < bytes.count, bytes[index].isASCIIDigit { index += 1 }
            guard index > fraction else { return nil }
            digits += index - fraction
            form = .number
        }
        // Long and scaled numbers may be out of range: the parser's to judge.
        if index < bytes.count, bytes[index] | 0x20 == UInt8(ascii: "e") { return nil }
        return digits <= Self.maxIntegerDigits ? form : nil
    }
}

/// Strings, eight bytes at a time.
extension JSONOutline {
    private mutating func readString(_ bytes: borrowing Span<UInt8>) -> Form? {
        index += 1
        var form = Form.string
        while index < bytes.count {
            if index + 8 <= bytes.count {
                let word = Self.word(bytes, at: index)
                allBits |= word
                let marks = Self.marks(word)
                guard marks != 0 else {
                    index += 8
                    continue
                }
                index += marks.trailingZeroBitCount >> 3
            }
            let byte = bytes[index]
            if byte == UInt8(ascii: "\"") {
                index += 1
                return form
            }
            if byte == UInt8(ascii: "\\") {
                guard skipEscape(bytes) else { return nil }
                form = .escapedString
                continue
            }
            guard byte >= 0x20 else { return nil }
            allBits |= UInt64(byte)
            index += 1
        }
        return nil
    }

    /// Skips an escape if it is the one that the writer would print.
    private mutating func skipEscape(_ bytes: borrowing Span<UInt8>) -> Bool {
        guard index + 1 < bytes.count else { return false }
        switch bytes[index + 1] {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "b"), UInt8(ascii: "f"),
            UInt8(ascii: "n"), UInt8(ascii: "r"), UInt8(ascii: "t"):
            index += 2
            return true
        default:
            return false
        }
    }

    @inline(__always)
    private static func word(_ bytes: borrowing Span<UInt8>, at start: Int) -> UInt64 {
        precondition(start >= 0 && start + 8 <= bytes.count)
        var word: UInt64 = 0
        for offset in 0..<8 { word |= UInt64(bytes[start + offset]) << UInt64(8 * offset) }
        return word
    }

    /// The high bit of each byte that is a quote, a backslash or a control character; those above
    /// the lowest such byte may be wrong.
    private static func marks(_ word: UInt64) -> UInt64 {
        let ones: UInt64 = 0x0101_0101_0101_0101
        let quotes = word ^ (ones &* 0x22)
        let slashes = word ^ (ones &* 0x5C)
        let found =
            ((quotes &- ones) & ~quotes) | ((slashes &- ones) & ~slashes)
            | ((word &- ones &* 0x20) & ~word)
        return found & (ones &* 0x80)
    }

    /// Appends a part of an accepted text without the spaces between its tokens.
    package static func appendCompact(
        _ text: [UInt8], _ range: Range<Int>, to buffer: inout [UInt8]
    ) {
        var start = range.lowerBound
        var index = start
        var isInString = false
        while index < range.upperBound {
            switch text[index] {
            case UInt8(ascii: "\\"): index += 1
            case UInt8(ascii: "\""): isInString.toggle()
            case 0x20, 0x0A, 0x0D, 0x09:
                if !isInString {
                    buffer.append(contentsOf: text[start..<index])
                    start = index + 1
                }
            default: break
            }
            index += 1
        }
        buffer.append(contentsOf: text[start..<range.upperBound])
    }
}
