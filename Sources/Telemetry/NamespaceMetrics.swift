import Synchronization

/// The metrics of one namespace, held by whoever serves it: no lookup on the hit path.
package final class NamespaceMetrics: Sendable {
    /// The label of these metrics; `_other` when they are shared.
    package let namespace: String
    /// Reads answered without contacting Postgres.
    package let hits: Counter
    /// Reads for which Postgres was needed.
    package let misses: Counter
    /// Reads answered while the feed was lost beyond the staleness limit.
    package let stale: Counter
    /// Reads that went around the cache.
    package let bypass: Counter
    /// How many revisions the cache is behind the head that it last saw.
    package let revisionLag: Gauge

    fileprivate init(namespace: String, registry: MetricsRegistry) {
        self.namespace = namespace
        func requests(_ outcome: String) -> Counter {
            registry.counter(
                "catalog_cache_requests_total",
                help: "Reads by namespace and by what the cache had to do with the answer.",
                labels: [("namespace", namespace), ("outcome", outcome)])
        }
        hits = requests("hit")
        misses = requests("miss")
        stale = requests("stale")
        bypass = requests("bypass")
        revisionLag = registry.gauge(
            "catalog_namespace_revision_lag",
            help: "Revisions between the newest head seen and the one in the cache.",
            labels: [("namespace", namespace)])
    }

    /// The counter of an outcome.
    package func requests(_ outcome: CacheOutcome) -> Counter {
        switch outcome {
        case .hit: hits
        case .miss: misses
        case .stale: stale
        case .bypass: bypass
        }
    }
}

/// Gives each namespace its metrics, up to a limit; later namespaces share one set.
package final class NamespaceMetricsFamily: Sendable {
    private let registry: MetricsRegistry
    private let limit: Int
    private let known = Mutex<[String: NamespaceMetrics]>([:])
    private let other: NamespaceMetrics

    /// Creates the family; the shared set `_other` is there from the start.
    package init(registry: MetricsRegistry, limit: Int = Limits.namespacesWithMetrics) {
        precondition(limit >= 0, "a limit is not negative")
        self.registry = registry
        self.limit = limit
        other = NamespaceMetrics(namespace: "_other", registry: registry)
    }

    /// All sets so far, the shared one among them; for those who look now and then.
    package var all: [NamespaceMetrics] { known.withLock { Array($0.values) } + [other] }

    /// The metrics of a namespace; ask once when the namespace is opened and keep the answer.
    ///
    /// Namespaces beyond the limit share `_other`, whose revision lag is the last one set.
    package func metrics(for namespace: String) -> NamespaceMetrics {
        known.withLock { known in
            if let metrics = known[namespace] {
                return metrics
            }
            guard known.count < limit else { return other }
            let metrics = NamespaceMetrics(namespace: namespace, registry: registry)
            known[namespace] = metrics
            return metrics
        }
    }
}
