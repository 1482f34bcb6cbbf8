import CatalogModel
import Telemetry
import Testing

@testable import Server

@Suite("Figures of a replica's traffic")
struct TrafficFiguresTests {
    private static let bounds = LatencyHistogram.boundsMicros

    private func buckets(_ counts: [Int: Int]) -> [Int] {
        (0...Self.bounds.count).map { counts[$0] ?? 0 }
    }

    @Test("a percentile lies in the bucket that holds it")
    func percentiles() {
        #expect(TrafficFigures.percentile(0.5, of: buckets([:])) == nil)
        // 10 durations between 100 and 250 µs.
        #expect(TrafficFigures.percentile(0.5, of: buckets([2: 10])) == 0.175)
        #expect(TrafficFigures.percentile(1, of: buckets([2: 10])) == 0.25)
        #expect(TrafficFigures.percentile(0, of: buckets([2: 10])) == 0.1)
        // 90 up to 50 µs, 10 beyond 10 s.
        let spread = buckets([0: 90, Self.bounds.count: 10])
        #expect(TrafficFigures.percentile(0.9, of: spread) == 0.05)
        #expect(TrafficFigures.percentile(0.91, of: spread) == 10_000)
    }

    @Test("percentiles grow with the share and stay within the true bounds", arguments: 1...60)
    func ordered(seed: Int) throws {
        var random = SeededGenerator(seed: UInt64(seed))
        let durations = (0..<Int.random(in: 1...200, using: &random)).map { _ in
            Int.random(in: 0...Int.random(in: 1...12_000_000, using: &random), using: &random)
        }.sorted()
        let histogram = MetricsRegistry().histogram("catalog_test_seconds", help: "A test.")
        for duration in durations { histogram.record(micros: duration) }
        var last = 0.0
        for share in stride(from: 0.05, through: 1, by: 0.05) {
            let value = try #require(TrafficFigures.percentile(share, of: histogram.bucketCounts))
            #expect(value >= last)
            last = value
            let rank = max(1, Int((share * Double(durations.count)).rounded(.up)))
            let exact = durations[min(rank, durations.count) - 1]
            let above = Self.bounds.indices.map { Self.bounds[$0] }.first { $0 >= exact }
            #expect(value * 1_000 <= Double(above ?? 10_000_000) + 0.001)
        }
    }

    @Test("rates are of the sample, shares of the window, and nothing is not zero")
    func figures() {
        let second = TrafficSample(
            duration: .milliseconds(500),
            counts: TrafficCounts(reads: 3, writes: 1, others: 1, failed: 2))
        let window = TrafficSample(
            duration: .seconds(10), counts: TrafficCounts(hits: 6, misses: 1, stale: 1))
        let figures = TrafficFigures(now: second, over: window)
        #expect(figures.requestsPerSecond == 10)
        #expect(figures.failuresPerSecond == 4)
        #expect(figures.hitRatio == 0.75)
        let quiet = TrafficSample(duration: .zero, counts: TrafficCounts())
        let nothing = TrafficFigures(now: quiet, over: quiet)
        #expect(nothing.requestsPerSecond == 0 && nothing.hitRatio == nil)
        #expect(nothing.json["hitRatio"]?.isNull == true)
        #expect(nothing.json["readP95Ms"]?.isNull == true)
    }

    @Test("the metrics are taken as they are, without probes and followers")
    func counts() {
        let registry = MetricsRegistry()
        let (requests, namespaces) = (
            RequestMetrics(registry: registry), NamespaceMetricsFamily(registry: registry)
        )
        for group in RequestMetrics.Group.allCases {
            requests.record(group, status: 200, micros: 60)
        }
        requests.record(.list, status: 404, micros: 20_000)
        requests.record(.write, status: 503, micros: 20_000_000)
        namespaces.metrics(for: "a").hits.increment(by: 3)
        namespaces.metrics(for: "b").requests(.stale).increment()
        let counts = TrafficCounts(requests, namespaces)
        #expect(counts.reads == 4 && counts.writes == 2 && counts.others == 5)
        #expect(counts.refused == 1 && counts.failed == 1)
        #expect(counts.hits == 3 && counts.stale == 1 && counts.cacheReads == 4)
        #expect(counts.readTimes.reduce(0, +) == 4 && counts.readTimes[1] == 3)
        #expect(counts.writeTimes[1] == 1 && counts.writeTimes[Self.bounds.count] == 1)
    }
}
