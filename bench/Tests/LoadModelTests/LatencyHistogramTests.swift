import Testing

@testable import LoadModel

@Suite("The histogram keeps latencies")
struct LatencyHistogramTests {
    @Test("percentiles are exact to three digits")
    func percentiles() {
        var histogram = LatencyHistogram()
        for value in 1...100_000 { histogram.record(nanoseconds: UInt64(value) * 1_000) }
        for (percentile, ms) in [(50.0, 50.0), (95, 95), (99, 99), (99.9, 99.9), (100, 100)] {
            let found = histogram.milliseconds(atPercentile: percentile)
            #expect(abs(found - ms) <= ms / 500, "\(percentile): \(found)")
        }
        #expect(histogram.summary.count == 100_000)
        #expect(abs(histogram.summary.meanMs - 50) < 0.2)
    }

    @Test("merging is the same as recording in one")
    func merge() {
        var generator = SeededGenerator(seed: 1)
        var parts = [LatencyHistogram(), LatencyHistogram()]
        var whole = LatencyHistogram()
        for turn in 0..<10_000 {
            let value = generator.next() % 1_000_000_000
            parts[turn % 2].record(nanoseconds: value)
            whole.record(nanoseconds: value)
        }
        parts[0].merge(parts[1])
        #expect(parts[0].summary == whole.summary)
        #expect(parts[0].curve == whole.curve)
    }

    @Test("what is longer than the longest counts as the longest, and nothing is nothing")
    func borders() {
        var histogram = LatencyHistogram()
        #expect(histogram.milliseconds(atPercentile: 99) == 0)
        #expect(histogram.curve.isEmpty)
        histogram.record(nanoseconds: .max)
        #expect(histogram.count == 1)
        #expect(histogram.summary.maxMs >= 119_000)
    }

    @Test("the curve rises and ends near the slowest")
    func curve() throws {
        var histogram = LatencyHistogram()
        for value in 1...5_000 { histogram.record(nanoseconds: UInt64(value) * 10_000) }
        let curve = histogram.curve
        #expect(zip(curve, curve.dropFirst()).allSatisfy { $0.ms <= $1.ms })
        let last = try #require(curve.last)
        #expect(last.percentile > 99.98)
    }
}
