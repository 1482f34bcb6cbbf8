import Telemetry

/// What a replica has counted, taken from the metrics: since its start, or over an interval.
///
/// Probes, scrapes and what follows changes are left out: they say nothing of how clients are served.
struct TrafficCounts: Hashable, Sendable {
    /// Gets, lists and discovery.
    var reads = 0
    var writes = 0
    /// Jobs, audit and governance, and paths that mean nothing.
    var others = 0
    /// Answers of the classes 4xx and 5xx.
    var refused = 0
    var failed = 0
    var hits = 0
    var misses = 0
    var stale = 0
    var bypassed = 0
    /// Durations by the buckets of `LatencyHistogram.boundsMicros`, one more for the rest.
    var readTimes = Self.noTimes
    var writeTimes = Self.noTimes

    private static let noTimes = Array(repeating: 0, count: LatencyHistogram.boundsMicros.count + 1)

    var requests: Int { reads + writes + others }

    /// Reads that had to do with the cache.
    var cacheReads: Int { hits + misses + stale + bypassed }

    static func + (left: TrafficCounts, right: TrafficCounts) -> TrafficCounts {
        left.combined(with: right, by: &+)
    }

    /// What came after an earlier count; never negative.
    static func - (left: TrafficCounts, right: TrafficCounts) -> TrafficCounts {
        left.combined(with: right) { max(0, $0 - $1) }
    }

    private func combined(
        with other: TrafficCounts, by operation: (Int, Int) -> Int
    ) -> TrafficCounts {
        TrafficCounts(
            reads: operation(reads, other.reads), writes: operation(writes, other.writes),
            others: operation(others, other.others), refused: operation(refused, other.refused),
            failed: operation(failed, other.failed), hits: operation(hits, other.hits),
            misses: operation(misses, other.misses), stale: operation(stale, other.stale),
            bypassed: operation(bypassed, other.bypassed),
            readTimes: zip(readTimes, other.readTimes).map(operation),
            writeTimes: zip(writeTimes, other.writeTimes).map(operation))
    }
}

extension TrafficCounts {
    /// Looks at the metrics; a few hundred loads, and four for each namespace with metrics.
    init(_ requests: RequestMetrics, _ namespaces: NamespaceMetricsFamily) {
        self.init()
        for group in RequestMetrics.Group.allCases {
            let totals = requests.row(of: group).totals
            let count = totals.statuses.reduce(0, +)
            switch group {
            case .health, .changes: continue
            case .discovery, .list, .get:
                reads += count
                readTimes = zip(readTimes, totals.times).map(+)
            case .write:
                writes += count
                writeTimes = zip(writeTimes, totals.times).map(+)
            case .jobs, .audit, .cache, .governance, .unmatched: others += count
            }
            refused += totals.statuses[3]
            failed += totals.statuses[4]
        }
        for metrics in namespaces.all {
            hits += metrics.hits.current
            misses += metrics.misses.current
            stale += metrics.stale.current
            bypassed += metrics.bypass.current
        }
    }
}
