/// All parameters of one statement in one buffer, as libpq wants them: NUL-terminated texts.
struct ParameterArena {
    struct Slot {
        /// Start in the buffer, or -1 for NULL.
        var offset: Int
        var length: Int
        var isBinary: Bool
    }

    private(set) var bytes: [UInt8] = []
    private(set) var slots: [Slot] = []

    /// Encodes the parameters; throws `.misuse` for a NUL character in a text and for oversize.
    init(_ parameters: [Parameter]) throws(PostgresError) {
        guard parameters.count <= Limits.parametersPerStatement else {
            throw PostgresError(.misuse, "too many parameters: \(parameters.count)")
        }
        bytes.reserveCapacity(parameters.reduce(0) { $0 + $1.sizeEstimate })
        slots.reserveCapacity(parameters.count)
        for (index, parameter) in parameters.enumerated() {
            try append(parameter, index: index)
        }
    }

    private mutating func append(_ parameter: Parameter, index: Int) throws(PostgresError) {
        let start = bytes.count
        var isBinary = false
        switch parameter {
        case .null:
            slots.append(Slot(offset: -1, length: 0, isBinary: false))
            return
        case .bytes(let value):
            bytes.append(contentsOf: value)
            isBinary = true
        default:
            appendText(of: parameter)
        }
        let length = bytes.count - start
        guard bytes.count <= Limits.parameterBytesMax else {
            throw PostgresError(
                .misuse, "parameters hold more than \(Limits.parameterBytesMax) bytes")
        }
        if !isBinary, bytes[start...].contains(0) {
            throw PostgresError(
                .misuse, "parameter \(index + 1) contains a NUL character", sqlState: "22021")
        }
        slots.append(Slot(offset: start, length: length, isBinary: isBinary))
        bytes.append(0)
    }

    private mutating func appendText(of parameter: Parameter) {
        switch parameter {
        case .null, .bytes: break
        case .int8(let value): bytes.append(contentsOf: String(value).utf8)
        case .bool(let value): bytes.append(UInt8(ascii: value ? "t" : "f"))
        case .text(let value), .uuid(let value), .json(let value):
            bytes.append(contentsOf: value.utf8)
        case .utf8(let value): bytes.append(contentsOf: value)
        case .timestamptz(let ms): Timestamp.append(ms: ms, to: &bytes)
        case .textArray(let values): appendArray(values) { $0.appendElement($1) }
        case .optionalTextArray(let values):
            appendArray(values) { arena, value in
                if let value {
                    arena.appendElement(value)
                } else {
                    arena.bytes.append(contentsOf: "NULL".utf8)
                }
            }
        case .int8Array(let values):
            appendArray(values) { $0.bytes.append(contentsOf: String($1).utf8) }
        }
    }

    private mutating func appendArray<Element>(
        _ values: [Element], _ append: (inout ParameterArena, Element) -> Void
    ) {
        bytes.append(UInt8(ascii: "{"))
        for (index, value) in values.enumerated() {
            if index > 0 { bytes.append(UInt8(ascii: ",")) }
            append(&self, value)
        }
        bytes.append(UInt8(ascii: "}"))
    }

    /// Array elements are always quoted, so that NULL, commas and braces are plain text.
    private mutating func appendElement(_ text: String) {
        bytes.append(UInt8(ascii: "\""))
        for byte in text.utf8 {
            if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") {
                bytes.append(UInt8(ascii: "\\"))
            }
            bytes.append(byte)
        }
        bytes.append(UInt8(ascii: "\""))
    }
}

extension Parameter {
    /// Bytes this value will take, about.
    fileprivate var sizeEstimate: Int {
        switch self {
        case .null, .bool: 2
        case .int8, .timestamptz: 32
        case .text(let value), .uuid(let value), .json(let value): value.utf8.count + 1
        case .utf8(let value), .bytes(let value): value.count + 1
        case .textArray(let values): values.reduce(3) { $0 + $1.utf8.count + 3 }
        case .optionalTextArray(let values): values.reduce(3) { $0 + ($1?.utf8.count ?? 4) + 3 }
        case .int8Array(let values): values.count * 12 + 3
        }
    }
}

/// Text form of points in time.
enum Timestamp {
    /// Appends `YYYY-MM-DD HH:MM:SS.mmm+00` (with ` BC` before year 1) for Postgres.
    static func append(ms: Int64, to bytes: inout [UInt8]) {
        let dayMs: Int64 = 86_400_000
        let days = ms >= 0 ? ms / dayMs : -((-(ms + 1)) / dayMs) - 1
        let inDay = ms - days * dayMs
        let date = civil(daysSince1970: days)
        let isBeforeChrist = date.year <= 0
        pad(isBeforeChrist ? 1 - date.year : date.year, 4, to: &bytes)
        bytes.append(UInt8(ascii: "-"))
        pad(date.month, 2, to: &bytes)
        bytes.append(UInt8(ascii: "-"))
        pad(date.day, 2, to: &bytes)
        bytes.append(UInt8(ascii: " "))
        pad(inDay / 3_600_000, 2, to: &bytes)
        bytes.append(UInt8(ascii: ":"))
        pad(inDay / 60_000 % 60, 2, to: &bytes)
        bytes.append(UInt8(ascii: ":"))
        pad(inDay / 1_000 % 60, 2, to: &bytes)
        bytes.append(UInt8(ascii: "."))
        pad(inDay % 1_000, 3, to: &bytes)
        bytes.append(contentsOf: isBeforeChrist ? "+00 BC".utf8 : "+00".utf8)
    }

    /// Days to a date of the proleptic Gregorian calendar, by Hinnant's `civil_from_days`.
    private static func civil(daysSince1970 days: Int64) -> (year: Int64, month: Int64, day: Int64)
    {
        let shifted = days + 719_468
        let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
        let dayOfEra = shifted - era * 146_097
        let yearOfEra =
            (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let monthFromMarch = (5 * dayOfYear + 2) / 153
        let month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
        let day = dayOfYear - (153 * monthFromMarch + 2) / 5 + 1
        return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, day)
    }

    private static func pad(_ value: Int64, _ width: Int, to bytes: inout [UInt8]) {
        let digits = String(value).utf8
        for _ in 0..<max(0, width - digits.count) { bytes.append(UInt8(ascii: "0")) }
        bytes.append(contentsOf: digits)
    }
}
