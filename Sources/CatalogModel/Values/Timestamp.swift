/// A moment in milliseconds since 1970, written and read as RFC 3339 in the Gregorian calendar.
package struct Timestamp: Hashable, Sendable, Comparable, CustomStringConvertible {
    package let ms: Int64

    private static let msPerDay: Int64 = 86_400_000
    /// The first moment of the year 0 and the first one after the year 9999.
    private static let writable: Range<Int64> = -62_167_219_200_000..<253_402_300_800_000

    /// Wraps a number of milliseconds.
    package init(ms: Int64) {
        self.ms = ms
    }

    package static func < (left: Timestamp, right: Timestamp) -> Bool { left.ms < right.ms }

    /// The moment in UTC, such as `2025-01-15T08:30:00Z`, with milliseconds unless they are zero.
    ///
    /// Moments outside the years 0 to 9999 are written as the nearest one inside.
    package var description: String {
        let moment = min(max(ms, Self.writable.lowerBound), Self.writable.upperBound - 1)
        let days = Self.floorDivide(moment, Self.msPerDay)
        let rest = moment - days * Self.msPerDay
        let date = Self.date(ofDay: days)
        var text: [UInt8] = []
        text.reserveCapacity(24)
        Self.append(date.year, digits: 4, to: &text)
        text.append(UInt8(ascii: "-"))
        Self.append(date.month, digits: 2, to: &text)
        text.append(UInt8(ascii: "-"))
        Self.append(date.day, digits: 2, to: &text)
        text.append(UInt8(ascii: "T"))
        Self.append(rest / 3_600_000, digits: 2, to: &text)
        text.append(UInt8(ascii: ":"))
        Self.append(rest / 60_000 % 60, digits: 2, to: &text)
        text.append(UInt8(ascii: ":"))
        Self.append(rest / 1000 % 60, digits: 2, to: &text)
        if rest % 1000 != 0 {
            text.append(UInt8(ascii: "."))
            Self.append(rest % 1000, digits: 3, to: &text)
        }
        text.append(UInt8(ascii: "Z"))
        return String(decoding: text, as: UTF8.self)
    }

    private static func append(_ number: Int64, digits: Int, to text: inout [UInt8]) {
        var scale: Int64 = 1
        for _ in 1..<digits { scale *= 10 }
        while scale > 0 {
            text.append(UInt8(ascii: "0") + UInt8(truncatingIfNeeded: number / scale % 10))
            scale /= 10
        }
    }

    private static func floorDivide(_ number: Int64, _ divisor: Int64) -> Int64 {
        let quotient = number / divisor
        return number % divisor < 0 ? quotient - 1 : quotient
    }

    /// The date of a day counted from 1970-01-01, by years that begin in March.
    private static func date(ofDay day: Int64) -> (year: Int64, month: Int64, day: Int64) {
        let shifted = day + 719_468
        let era = floorDivide(shifted, 146_097)
        let dayOfEra = shifted - era * 146_097
        let yearOfEra =
            (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let marchMonth = (5 * dayOfYear + 2) / 153
        let month = marchMonth < 10 ? marchMonth + 3 : marchMonth - 9
        let year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
        return (year, month, dayOfYear - (153 * marchMonth + 2) / 5 + 1)
    }

    /// The number of days from 1970-01-01 to a date.
    static func day(year: Int64, month: Int64, day: Int64) -> Int64 {
        let marchYear = month <= 2 ? year - 1 : year
        let era = floorDivide(marchYear, 400)
        let yearOfEra = marchYear - era * 400
        let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
        let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
        return era * 146_097 + dayOfEra - 719_468
    }
}
