/// The end of an event loop's answers with their `Date`, rendered anew at most twice a second.
struct LaneDate {
    private(set) var ending: [UInt8] = []
    private var renderedAt = Int64.min

    /// Whether the rendered date is still good at an instant of the lane's clock.
    func isFresh(now: Int64) -> Bool {
        !ending.isEmpty && now - renderedAt < LaneLimits.dateNanoseconds
    }

    /// Renders the date of a number of seconds since 1970.
    mutating func render(seconds: Int, now: Int64) {
        renderedAt = now
        ending = LaneHead.ending(date: Self.text(seconds: seconds))
    }

    /// The form of RFC 9110, section 5.6.7: `Sun, 06 Nov 1994 08:49:37 GMT`.
    static func text(seconds: Int) -> [UInt8] {
        precondition(seconds >= 0, "the clock stands before 1970")
        let days = seconds / 86_400
        let time = seconds % 86_400
        let (year, month, day) = civil(days: days)
        let weekdays = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"]
        let months = [
            "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
        ]
        func two(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
        let clock = "\(two(time / 3_600)):\(two(time / 60 % 60)):\(two(time % 60))"
        return Array(
            "\(weekdays[days % 7]), \(two(day)) \(months[month - 1]) \(year) \(clock) GMT".utf8)
    }

    /// The date of a number of days since 1970, by Howard Hinnant's algorithm for years from
    /// March on.
    private static func civil(days: Int) -> (year: Int, month: Int, day: Int) {
        let shifted = days + 719_468
        let era = shifted / 146_097
        let dayOfEra = shifted % 146_097
        let yearOfEra =
            (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let fromMarch = (5 * dayOfYear + 2) / 153
        let month = fromMarch < 10 ? fromMarch + 3 : fromMarch - 9
        let year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
        return (year, month, dayOfYear - (153 * fromMarch + 2) / 5 + 1)
    }
}

/// Ids for requests that bring none: unlikely to repeat, not secret.
struct RequestIDs {
    private var state = UInt64.random(in: .min ... .max)
    /// The last id.
    private(set) var number: UInt64 = 0
    /// The id that was rendered last, in hexadecimal digits.
    private(set) var text: [UInt8] = []

    /// Makes the next id, by one step of SplitMix64; no allocation, no system call.
    @discardableResult
    mutating func advance() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ mixed >> 30) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
        number = mixed ^ mixed >> 31
        return number
    }

    /// Writes the last id into `text`; no allocation after the first time.
    mutating func render() {
        text.removeAll(keepingCapacity: true)
        for shift in stride(from: UInt64(60), through: 0, by: -4) {
            let digit = UInt8(truncatingIfNeeded: number >> shift & 15)
            text.append(digit < 10 ? UInt8(ascii: "0") + digit : UInt8(ascii: "a") + digit - 10)
        }
    }
}
