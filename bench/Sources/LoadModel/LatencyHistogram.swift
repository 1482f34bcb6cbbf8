import Histogram

/// Latencies in nanoseconds, kept to three significant digits up to two minutes.
package struct LatencyHistogram: Sendable {
    private var histogram = Histogram<UInt64>(
        highestTrackableValue: LoadLimits.maxLatencyNanoseconds,
        numberOfSignificantValueDigits: .three)

    package init() {}

    package var count: Int { Int(histogram.totalCount) }

    /// Counts one latency; a longer one than can be told apart counts as the longest.
    package mutating func record(nanoseconds: UInt64) {
        histogram.record(Swift.min(nanoseconds, LoadLimits.maxLatencyNanoseconds))
    }

    package mutating func merge(_ other: LatencyHistogram) {
        histogram.add(other.histogram)
    }

    /// The latency that so many percent do not exceed, in milliseconds; 0 when nothing was counted.
    package func milliseconds(atPercentile percentile: Double) -> Double {
        guard count > 0 else { return 0 }
        return Double(histogram.valueAtPercentile(percentile)) / 1e6
    }

    package var summary: LatencySummary {
        LatencySummary(
            count: count, meanMs: count > 0 ? histogram.mean / 1e6 : 0,
            p50Ms: milliseconds(atPercentile: 50), p90Ms: milliseconds(atPercentile: 90),
            p95Ms: milliseconds(atPercentile: 95), p99Ms: milliseconds(atPercentile: 99),
            p999Ms: milliseconds(atPercentile: 99.9),
            maxMs: count > 0 ? Double(histogram.max) / 1e6 : 0)
    }

    /// Points of the latency curve, closer together towards the slowest.
    package var curve: [CurvePoint] {
        guard count > 0 else { return [] }
        var points: [CurvePoint] = []
        var missing = 100.0
        // As long as the percentile still leaves a whole request above it.
        while missing / 100 * Double(count) >= 0.5 {
            let percentile = 100 - missing
            points.append(
                CurvePoint(percentile: percentile, ms: milliseconds(atPercentile: percentile)))
            missing *= 0.8
        }
        return points
    }
}

/// One point of a latency curve.
package struct CurvePoint: Codable, Sendable, Hashable {
    package let percentile: Double
    package let ms: Double
}

/// The figures of a distribution that people ask for.
package struct LatencySummary: Codable, Sendable, Hashable {
    package let count: Int
    package let meanMs: Double
    package let p50Ms: Double
    package let p90Ms: Double
    package let p95Ms: Double
    package let p99Ms: Double
    package let p999Ms: Double
    package let maxMs: Double
}
