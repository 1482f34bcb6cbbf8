import Testing

@testable import Telemetry

@Suite("Metrics")
struct MetricsTests {
    let registry = MetricsRegistry()

    func exposition() -> String {
        var output: [UInt8] = []
        registry.exposition(into: &output)
        return String(decoding: output, as: UTF8.self)
    }

    @Test func countersAndGaugesAppearUnderOneHeaderEach() {
        let read = registry.counter("ops_total", help: "Operations.", labels: [("kind", "read")])
        let write = registry.counter("ops_total", help: "Operations.", labels: [("kind", "write")])
        let open = registry.gauge("open_connections", help: "Open.")
        read.increment()
        read.increment(by: 41)
        write.increment()
        open.set(5)
        open.add(-7)
        #expect(
            exposition() == """
                # HELP ops_total Operations.
                # TYPE ops_total counter
                ops_total{kind="read"} 42
                ops_total{kind="write"} 1
                # HELP open_connections Open.
                # TYPE open_connections gauge
                open_connections -2

                """)
    }

    @Test func askingAgainGivesTheSameMetric() {
        let first = registry.counter("a_total", help: "A.", labels: [("x", "1")])
        let second = registry.counter("a_total", help: "A.", labels: [("x", "1")])
        let other = registry.counter("a_total", help: "A.", labels: [("x", "2")])
        #expect(first === second)
        #expect(first !== other)
        let histogram = registry.histogram("h_seconds", help: "H.")
        #expect(histogram === registry.histogram("h_seconds", help: "H."))
    }

    @Test func labelValuesAndHelpAreEscaped() {
        registry.gauge("g", help: "a\\b\nc", labels: [("v", "q\"b\\n\nend")]).set(1)
        let text = exposition()
        #expect(text.contains("# HELP g a\\\\b\\nc\n"))
        #expect(text.contains("g{v=\"q\\\"b\\\\n\\nend\"} 1\n"))
    }

    @Test func secondsAreAskedForInMicroseconds() {
        registry.callbackSeconds("s_seconds", help: "S.") { 1_500_001 }
        #expect(exposition().contains("\ns_seconds 1.500001\n"))
    }

    @Test func callbackGaugesAreEvaluatedAtEachScrapeAndReplaced() {
        let source = Counter(series: Series(name: "source", labels: []))
        registry.callbackGauge("c", help: "C.") { source.current }
        #expect(exposition().contains("\nc 0\n"))
        source.increment(by: 3)
        #expect(exposition().contains("\nc 3\n"))
        registry.callbackGauge("c", help: "C.") { 9 }
        #expect(exposition().hasSuffix("\nc 9\n"))
        #expect(!exposition().contains("\nc 3\n"))
    }

    @Test func histogramBucketsAreCumulative() {
        let histogram = registry.histogram("t_seconds", help: "T.", labels: [("p", "x")])
        for micros in [-5, 50, 51, 1_000, 10_000_000, 10_000_001] {
            histogram.record(micros: micros)
        }
        histogram.record(.milliseconds(2))
        let text = exposition()
        #expect(text.contains("# TYPE t_seconds histogram\n"))
        #expect(text.contains("t_seconds_bucket{p=\"x\",le=\"0.00005\"} 2\n"))
        #expect(text.contains("t_seconds_bucket{p=\"x\",le=\"0.0001\"} 3\n"))
        #expect(text.contains("t_seconds_bucket{p=\"x\",le=\"0.001\"} 4\n"))
        #expect(text.contains("t_seconds_bucket{p=\"x\",le=\"0.0025\"} 5\n"))
        #expect(text.contains("t_seconds_bucket{p=\"x\",le=\"10\"} 6\n"))
        #expect(text.contains("t_seconds_bucket{p=\"x\",le=\"+Inf\"} 7\n"))
        #expect(text.contains("t_seconds_sum{p=\"x\"} 20.003102\n"))
        #expect(text.contains("t_seconds_count{p=\"x\"} 7\n"))
        #expect(histogram.count == 7)
    }

    @Test func boundsOfTheHistogramRise() {
        let bounds = LatencyHistogram.boundsMicros
        for index in 1..<bounds.count {
            #expect(bounds[index - 1] < bounds[index])
        }
        #expect(bounds[0] == 50)
        #expect(bounds[bounds.count - 1] == 10_000_000)
    }

    @Test func manyThreadsLoseNoCount() async {
        let counter = registry.counter("n_total", help: "N.")
        let histogram = registry.histogram("n_seconds", help: "N.")
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<8 {
                group.addTask { @concurrent in
                    for micros in 0..<1_000 {
                        counter.increment()
                        histogram.record(micros: micros)
                    }
                }
            }
        }
        #expect(counter.current == 8_000)
        #expect(histogram.count == 8_000)
    }

    @Test func namespacesBeyondTheLimitShareOneSet() {
        let family = NamespaceMetricsFamily(registry: registry, limit: 2)
        let first = family.metrics(for: "a")
        #expect(first === family.metrics(for: "a"))
        #expect(family.metrics(for: "b").namespace == "b")
        let shared = family.metrics(for: "c")
        #expect(shared.namespace == "_other")
        #expect(shared === family.metrics(for: "d"))
        first.requests(.hit).increment()
        first.revisionLag.set(3)
        shared.requests(.bypass).increment()
        let text = exposition()
        #expect(
            text.contains("catalog_cache_requests_total{namespace=\"a\",outcome=\"hit\"} 1\n"))
        #expect(
            text.contains(
                "catalog_cache_requests_total{namespace=\"_other\",outcome=\"bypass\"} 1\n"))
        #expect(text.contains("catalog_namespace_revision_lag{namespace=\"a\"} 3\n"))
        #expect(!text.contains("namespace=\"c\""))
    }
}
