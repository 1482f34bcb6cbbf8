import CatalogModel
import Telemetry

/// What is read off counts: rates, percentiles and shares; nil where nothing happened.
struct TrafficFigures: Hashable, Sendable {
    let requestsPerSecond: Double
    let failuresPerSecond: Double
    let readP50Ms: Double?
    let readP95Ms: Double?
    let readP99Ms: Double?
    let writeP95Ms: Double?
    /// The share of reads that the cache answered.
    let hitRatio: Double?

    /// Rates of one sample, the rest over a longer one.
    init(now: TrafficSample, over window: TrafficSample) {
        let seconds = now.duration / .seconds(1)
        func rate(_ count: Int) -> Double { seconds > 0 ? Double(count) / seconds : 0 }
        requestsPerSecond = rate(now.counts.requests)
        failuresPerSecond = rate(now.counts.failed)
        let counts = window.counts
        readP50Ms = Self.percentile(0.5, of: counts.readTimes)
        readP95Ms = Self.percentile(0.95, of: counts.readTimes)
        readP99Ms = Self.percentile(0.99, of: counts.readTimes)
        writeP95Ms = Self.percentile(0.95, of: counts.writeTimes)
        hitRatio =
            counts.cacheReads > 0 ? Double(counts.hits) / Double(counts.cacheReads) : nil
    }

    /// The duration in milliseconds that a share of the requests did not exceed; nil without requests.
    ///
    /// Within a bucket durations count as spread evenly; beyond the last bound, as that bound.
    static func percentile(_ share: Double, of buckets: [Int]) -> Double? {
        precondition((0...1).contains(share), "a share lies between 0 and 1")
        let bounds = LatencyHistogram.boundsMicros
        let total = buckets.reduce(0, +)
        guard total > 0 else { return nil }
        let rank = share * Double(total)
        var below = 0
        for (index, count) in buckets.enumerated() where count > 0 {
            if Double(below + count) < rank {
                below += count
                continue
            }
            guard index < bounds.count else { break }
            let low = index == 0 ? 0 : Double(bounds[index - 1])
            let part = (rank - Double(below)) / Double(count)
            return (low + (Double(bounds[index]) - low) * max(0, part)) / 1_000
        }
        return Double(bounds[bounds.count - 1]) / 1_000
    }

    /// The figures as the console reads them; what is not known is null.
    var json: JSONValue {
        func number(_ value: Double?, _ digits: Double) -> JSONValue {
            value.map { .double(($0 * digits).rounded() / digits) } ?? .null
        }
        return [
            "requestsPerSecond": number(requestsPerSecond, 100),
            "failuresPerSecond": number(failuresPerSecond, 100),
            "readP50Ms": number(readP50Ms, 1_000), "readP95Ms": number(readP95Ms, 1_000),
            "readP99Ms": number(readP99Ms, 1_000), "writeP95Ms": number(writeP95Ms, 1_000),
            "hitRatio": number(hitRatio, 10_000),
        ]
    }
}
