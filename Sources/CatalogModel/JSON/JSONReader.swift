/// The state of one parse: the input and the place reached.
struct JSONReader {
    let bytes: [UInt8]
    let limits: JSONParser.Limits
    var index = 0
    private var depth = 0

    init(bytes: [UInt8], limits: JSONParser.Limits) {
        self.bytes = bytes
        self.limits = limits
    }

    mutating func readDocument() throws(JSONError) -> JSONValue {
        skipSpace()
        let value = try readValue()
        skipSpace()
        guard index == bytes.count else {
            throw failure("unexpected text after the end of the value")
        }
        return value
    }

    func failure(
        _ message: String, _ code: JSONError.Code = .syntax, at offset: Int? = nil
    ) -> JSONError {
        JSONError(code, message, offset: offset ?? index, in: bytes)
    }

    private mutating func readValue() throws(JSONError) -> JSONValue {
        guard index < bytes.count else { throw failure("unexpected end of input") }
        switch bytes[index] {
        case UInt8(ascii: "\""): return .string(try readString())
        case UInt8(ascii: "{"): return try readObject()
        case UInt8(ascii: "["): return try readArray()
        case UInt8(ascii: "t"): return try readWord("true", .bool(true))
        case UInt8(ascii: "f"): return try readWord("false", .bool(false))
        case UInt8(ascii: "n"): return try readWord("null", .null)
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"):
            return .number(try readNumber())
        default: throw failure("unexpected character")
        }
    }

    private mutating func readWord(
        _ word: StaticString, _ value: JSONValue
    ) throws(JSONError) -> JSONValue {
        for byte in word.description.utf8 {
            guard index < bytes.count, bytes[index] == byte else {
                throw failure("expected \"\(word)\"")
            }
            index += 1
        }
        return value
    }

    private mutating func readArray() throws(JSONError) -> JSONValue {
        try descend()
        var elements: [JSONValue] = []
        skipSpace()
        if take(UInt8(ascii: "]")) { return ascend(.array(elements)) }
        while true {
            skipSpace()
            elements.append(try readValue())
            skipSpace()
            if take(UInt8(ascii: ",")) { continue }
            if take(UInt8(ascii: "]")) { return ascend(.array(elements)) }
            throw failure("expected \",\" or \"]\"")
        }
    }

    private mutating func readObject() throws(JSONError) -> JSONValue {
        try descend()
        skipSpace()
        if take(UInt8(ascii: "}")) { return ascend(.object(JSONObject())) }
        var members: [JSONObject.Member] = []
        members.reserveCapacity(8)
        var keys = JSONKeys()
        while true {
            skipSpace()
            let keyOffset = index
            guard index < bytes.count, bytes[index] == UInt8(ascii: "\"") else {
                throw failure("expected a key in double quotes")
            }
            let key = try readString()
            guard keys.insert(key, among: members) else {
                throw failure("duplicate key \"\(key)\"", .duplicateKey, at: keyOffset)
            }
            skipSpace()
            guard take(UInt8(ascii: ":")) else { throw failure("expected \":\"") }
            skipSpace()
            members.append(JSONObject.Member(key: key, value: try readValue()))
            skipSpace()
            if take(UInt8(ascii: ",")) { continue }
            if take(UInt8(ascii: "}")) { return ascend(.object(JSONObject(distinct: members))) }
            throw failure("expected \",\" or \"}\"")
        }
    }

    private mutating func descend() throws(JSONError) {
        guard depth < limits.nesting else {
            throw failure("nesting exceeds \(limits.nesting) levels", .tooDeep)
        }
        depth += 1
        index += 1
    }

    private mutating func ascend(_ value: JSONValue) -> JSONValue {
        depth -= 1
        return value
    }

    private mutating func take(_ byte: UInt8) -> Bool {
        guard index < bytes.count, bytes[index] == byte else { return false }
        index += 1
        return true
    }

    private mutating func skipSpace() {
        while index < bytes.count {
            switch bytes[index] {
            case 0x20, 0x0A, 0x0D, 0x09: index += 1
            default: return
            }
        }
    }
}

/// Finds repeated keys: by a filter first, then by comparison or, in large objects, by a set.
private struct JSONKeys {
    private static let linearLimit = 32
    /// One bit for each hash of a key met so far.
    private var mask: UInt64 = 0
    private var seen: Set<String> = []

    mutating func insert(_ key: String, among members: [JSONObject.Member]) -> Bool {
        let bit = Self.bit(key)
        defer { mask |= bit }
        if members.count >= JSONKeys.linearLimit {
            if seen.isEmpty { seen = Set(members.map(\.key)) }
            return seen.insert(key).inserted
        }
        return mask & bit == 0 || !members.contains { $0.key == key }
    }

    /// A cheap hash: the ends and the length of the key tell most keys of one object apart.
    private static func bit(_ key: String) -> UInt64 {
        let bytes = key.utf8.span
        guard bytes.count > 0 else { return 1 }
        var hash = UInt64(bytes.count) &* 0x9E37
        hash = (hash ^ UInt64(bytes[0])) &* 0x85EB
        hash = (hash ^ UInt64(bytes[bytes.count / 2])) &* 0x85EB
        hash = (hash ^ UInt64(bytes[bytes.count - 1])) &* 0x85EB
        return 1 << ((hash ^ hash >> 15) & 63)
    }
}
