/// Rendering of text straight into bytes, so that neither a log line nor a scrape builds strings.
extension [UInt8] {
    /// Appends the UTF-8 bytes of a text.
    mutating func append(text: String) {
        append(contentsOf: text.utf8)
    }

    /// Appends the bytes of a span.
    mutating func append(bytes: Span<UInt8>) {
        for index in bytes.indices {
            append(bytes[index])
        }
    }

    /// Appends a decimal number; no allocation.
    mutating func append(decimal value: Int) {
        if value < 0 {
            append(UInt8(ascii: "-"))
        }
        // From the first digit on: turning a slice round would copy the whole buffer.
        let digits = value.magnitude
        var scale: UInt = 1
        while digits / scale >= 10 {
            scale *= 10
        }
        while scale > 0 {
            append(UInt8(ascii: "0") + UInt8(truncatingIfNeeded: digits / scale % 10))
            scale /= 10
        }
    }

    /// Appends a number that is not negative, padded with zeros to a width.
    mutating func append(_ value: Int, width: Int) {
        var scale = 1
        for _ in 1..<width {
            scale *= 10
        }
        while scale > 0 {
            append(UInt8(ascii: "0") + UInt8(truncatingIfNeeded: value / scale % 10))
            scale /= 10
        }
    }

    /// Appends a count of thousandths or millionths as a decimal fraction.
    mutating func append(_ value: Int, fractionDigits: Int) {
        var scale = 1
        for _ in 0..<fractionDigits {
            scale *= 10
        }
        append(decimal: value / scale)
        append(UInt8(ascii: "."))
        append(value % scale, width: fractionDigits)
    }

    /// Appends a JSON string with its quotes, cut to the limit of one logged string.
    mutating func append(jsonString text: String) {
        append(jsonString: text.utf8Span.span)
    }

    /// Appends bytes from the wire as a JSON string with its quotes.
    ///
    /// UTF-8 passes through; if the bytes are not UTF-8, each one above ASCII is escaped by its
    /// value. A text over `Limits.logStringBytes` is cut before a character and gets an ellipsis.
    mutating func append(jsonString text: Span<UInt8>) {
        let isUTF8 = (try? UTF8Span(validating: text)) != nil
        var end = text.count
        if end > Limits.logStringBytes {
            end = Limits.logStringBytes
            while end > 0, text[end] & 0b1100_0000 == 0b1000_0000 {
                end -= 1
            }
        }
        append(UInt8(ascii: "\""))
        for index in 0..<end {
            append(jsonEscaped: text[index], isUTF8: isUTF8)
        }
        if end < text.count {
            append(text: "…")
        }
        append(UInt8(ascii: "\""))
    }

    private mutating func append(jsonEscaped byte: UInt8, isUTF8: Bool) {
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"):
            append(UInt8(ascii: "\\"))
            append(byte)
        case UInt8(ascii: "\n"):
            append(text: "\\n")
        case UInt8(ascii: "\t"):
            append(text: "\\t")
        case UInt8(ascii: "\r"):
            append(text: "\\r")
        case 0x20..<0x7F:
            append(byte)
        case 0x80... where isUTF8:
            append(byte)
        default:
            append(text: "\\u00")
            append(hexDigit: byte >> 4)
            append(hexDigit: byte & 0x0F)
        }
    }

    private mutating func append(hexDigit digit: UInt8) {
        append(digit < 10 ? UInt8(ascii: "0") + digit : UInt8(ascii: "a") + digit - 10)
    }

    /// Appends a point in time as RFC 3339 in UTC with milliseconds; no allocation.
    mutating func append(timestampMs milliseconds: Int) {
        let days = Int((Double(milliseconds) / 86_400_000).rounded(.down))
        let ofDay = milliseconds - days * 86_400_000
        let date = CivilDate(daysSinceEpoch: days)
        append(date.year, width: 4)
        append(UInt8(ascii: "-"))
        append(date.month, width: 2)
        append(UInt8(ascii: "-"))
        append(date.day, width: 2)
        append(UInt8(ascii: "T"))
        append(ofDay / 3_600_000, width: 2)
        append(UInt8(ascii: ":"))
        append(ofDay / 60_000 % 60, width: 2)
        append(UInt8(ascii: ":"))
        append(ofDay / 1_000 % 60, width: 2)
        append(UInt8(ascii: "."))
        append(ofDay % 1_000, width: 3)
        append(UInt8(ascii: "Z"))
    }
}

/// A day of the Gregorian calendar.
struct CivilDate: Equatable {
    let year: Int
    let month: Int
    let day: Int

    /// The date of a day counted from 1970-01-01, by 400-year eras that begin on 1 March.
    init(daysSinceEpoch days: Int) {
        let shifted = days + 719_468
        let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
        let ofEra = shifted - era * 146_097
        let yearOfEra = (ofEra - ofEra / 1_460 + ofEra / 36_524 - ofEra / 146_096) / 365
        let ofYear = ofEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let monthFromMarch = (5 * ofYear + 2) / 153
        day = ofYear - (153 * monthFromMarch + 2) / 5 + 1
        month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
        year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
    }
}
