import Synchronization

/// Counts durations in fixed buckets from 50 µs to 10 s.
///
/// Recording is three relaxed atomic operations and no allocation, on any thread.
package final class LatencyHistogram: Sendable {
    /// The upper bounds of the buckets in microseconds; one more bucket holds the rest.
    package static let boundsMicros: [17 of Int] = [
        50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000, 250_000,
        500_000, 1_000_000, 2_500_000, 5_000_000, 10_000_000,
    ]

    private let buckets: [18 of Atomic<Int>] = .init { _ in Atomic(0) }
    private let sumMicros = Atomic<Int>(0)
    private let bucketSeries: [Series]
    private let sumSeries: Series
    private let countSeries: Series

    init(name: String, labels: [(String, String)]) {
        var bucketSeries: [Series] = []
        for index in Self.boundsMicros.indices {
            let bound = Self.secondsText(micros: Self.boundsMicros[index])
            bucketSeries.append(Series(name: name + "_bucket", labels: labels + [("le", bound)]))
        }
        bucketSeries.append(Series(name: name + "_bucket", labels: labels + [("le", "+Inf")]))
        self.bucketSeries = bucketSeries
        sumSeries = Series(name: name + "_sum", labels: labels)
        countSeries = Series(name: name + "_count", labels: labels)
    }

    /// The number of recorded durations.
    package var count: Int {
        var total = 0
        for index in buckets.indices {
            total += buckets[index].load(ordering: .relaxed)
        }
        return total
    }

    /// How many durations each bucket holds: one for each bound, and one for the rest.
    package var bucketCounts: [Int] {
        buckets.indices.map { buckets[$0].load(ordering: .relaxed) }
    }

    /// Records one duration in microseconds; a negative one counts as zero.
    package func record(micros: Int) {
        let value = max(0, micros)
        var index = 0
        while index < Self.boundsMicros.count, value > Self.boundsMicros[index] {
            index += 1
        }
        buckets[index].wrappingAdd(1, ordering: .relaxed)
        sumMicros.wrappingAdd(value, ordering: .relaxed)
    }

    /// Records one duration.
    package func record(_ duration: Duration) {
        record(micros: duration.wholeMicros)
    }

    func render(into output: inout [UInt8]) {
        var cumulative = 0
        for index in buckets.indices {
            cumulative += buckets[index].load(ordering: .relaxed)
            bucketSeries[index].render(cumulative, into: &output)
        }
        sumSeries.render(micros: sumMicros.load(ordering: .relaxed), into: &output)
        // The count is what the buckets add up to, so that a scrape never contradicts itself.
        countSeries.render(cumulative, into: &output)
    }

    /// A bound as the shortest decimal number of seconds.
    private static func secondsText(micros: Int) -> String {
        var text: [UInt8] = []
        text.append(micros, fractionDigits: 6)
        while text.last == UInt8(ascii: "0") {
            text.removeLast()
        }
        if text.last == UInt8(ascii: ".") {
            text.removeLast()
        }
        return String(decoding: text, as: UTF8.self)
    }
}

extension Duration {
    /// The duration in whole microseconds.
    package var wholeMicros: Int {
        let (seconds, attoseconds) = components
        return Int(seconds) * 1_000_000 + Int(attoseconds / 1_000_000_000_000)
    }
}
