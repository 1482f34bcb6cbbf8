extension Timestamp {
    /// Reads RFC 3339 with any offset, or returns nil.
    ///
    /// Digits beyond milliseconds are dropped.
    package init?(_ text: String) {
        var reader = TimestampReader(Array(text.utf8))
        guard let ms = reader.read() else { return nil }
        self.init(ms: ms)
    }
}

/// The characters of a timestamp and the place reached.
private struct TimestampReader {
    private let bytes: [UInt8]
    private var index = 0

    init(_ bytes: [UInt8]) {
        self.bytes = bytes
    }

    mutating func read() -> Int64? {
        guard let year = number(4), take("-"), let month = number(2), take("-"),
            let day = number(2), take("T") || take("t") || take(" "),
            let hour = number(2), take(":"), let minute = number(2), take(":"),
            let second = number(2), let fraction = readFraction(), let offset = readOffset(),
            index == bytes.count
        else { return nil }
        // A leap second counts as the first second of the next minute.
        guard (1...12).contains(month), day >= 1, day <= Self.days(inMonth: month, of: year),
            hour < 24, minute < 60, second <= 60
        else { return nil }
        let days = Timestamp.day(year: year, month: month, day: day)
        let seconds = days * 86_400 + hour * 3600 + (minute - offset) * 60 + second
        return seconds * 1000 + fraction
    }

    private static func days(inMonth month: Int64, of year: Int64) -> Int64 {
        switch month {
        case 4, 6, 9, 11: return 30
        case 2:
            let isLeap = year.isMultiple(of: 4) && !year.isMultiple(of: 100)
            return isLeap || year.isMultiple(of: 400) ? 29 : 28
        default: return 31
        }
    }

    private mutating func take(_ character: Unicode.Scalar) -> Bool {
        guard index < bytes.count, bytes[index] == UInt8(ascii: character) else { return false }
        index += 1
        return true
    }

    private mutating func number(_ digits: Int) -> Int64? {
        guard index + digits <= bytes.count else { return nil }
        var value: Int64 = 0
        for byte in bytes[index..<(index + digits)] {
            guard byte.isASCIIDigit else { return nil }
            value = value * 10 + Int64(byte - UInt8(ascii: "0"))
        }
        index += digits
        return value
    }

    /// Milliseconds after an optional dot.
    private mutating func readFraction() -> Int64? {
        guard take(".") else { return 0 }
        var value: Int64 = 0
        var digits = 0
        while index < bytes.count, bytes[index].isASCIIDigit {
            if digits < 3 { value = value * 10 + Int64(bytes[index] - UInt8(ascii: "0")) }
            digits += 1
            index += 1
        }
        guard digits > 0 else { return nil }
        for _ in 0..<max(0, 3 - digits) { value *= 10 }
        return value
    }

    /// Minutes east of Greenwich.
    private mutating func readOffset() -> Int64? {
        if take("Z") || take("z") { return 0 }
        let isWest = take("-")
        guard isWest || take("+"), let hours = number(2), take(":"), let minutes = number(2),
            hours < 24, minutes < 60
        else { return nil }
        let offset = hours * 60 + minutes
        return isWest ? -offset : offset
    }
}
