import Telemetry

/// Counters and latencies of requests, by what they address and how they ended.
///
/// Everything is created at start: counting one request is two array accesses and a few additions.
struct RequestMetrics: Sendable {
    /// Groups of endpoints that operators tell apart.
    enum Group: String, CaseIterable, Sendable {
        case health, discovery, list, get, write, jobs, audit, cache, changes, governance,
            unmatched
    }

    private static let statusClasses = 1...5

    /// The counters of one group; a class, so that who counts often holds one reference.
    final class Row: Sendable {
        private let counters: [Counter]
        private let latency: LatencyHistogram

        fileprivate init(counters: [Counter], latency: LatencyHistogram) {
            self.counters = counters
            self.latency = latency
        }

        func record(status: Int, micros: Int) {
            counters[min(max(status / 100, 1), 5) - 1].increment()
            latency.record(micros: micros)
        }

        /// What was counted: answers by the class of their status, durations by bucket.
        var totals: (statuses: [Int], times: [Int]) {
            (counters.map(\.current), latency.bucketCounts)
        }
    }

    private let rows: [Row]

    init(registry: MetricsRegistry) {
        let counters = Group.allCases.map { group in
            Self.statusClasses.map { statusClass in
                registry.counter(
                    "catalog_http_requests_total",
                    help: "Requests by what they address and by the class of their status.",
                    labels: [("endpoint", group.rawValue), ("status", "\(statusClass)xx")])
            }
        }
        let latencies = Group.allCases.map { group in
            registry.histogram(
                "catalog_http_request_duration_seconds",
                help: "Time from a request's head to its answer.",
                labels: [("endpoint", group.rawValue)])
        }
        rows = zip(counters, latencies).map { Row(counters: $0, latency: $1) }
    }

    func record(_ group: Group, status: Int, micros: Int) {
        row(of: group).record(status: status, micros: micros)
    }

    /// The counters of a group, for whoever counts often.
    func row(of group: Group) -> Row {
        rows[Group.allCases.firstIndex(of: group) ?? 0]
    }
}

extension Endpoint {
    /// The group under which a request of this method is counted.
    func group(method: String) -> RequestMetrics.Group {
        let reads = method == "GET" || method == "HEAD"
        return switch self {
        case .live, .ready, .metrics: .health
        case .interface, .console: .discovery
        case .plugins, .capabilities, .namespaces: .discovery
        case .collection: reads ? .list : .write
        case .entity: reads ? .get : .write
        case .artifacts, .filterOptions, .labels, .modelSources: .list
        case .batch, .sourcePreview: .write
        case .management: reads ? .discovery : .write
        case .refresh, .jobs, .job, .jobCancel: .jobs
        case .auditEvents, .auditEvent, .auditVerify: .audit
        case .cacheVerify, .cacheEvict: .cache
        case .changes, .replicaFeed, .consoleEvents: .changes
        case .governance: .governance
        }
    }
}
