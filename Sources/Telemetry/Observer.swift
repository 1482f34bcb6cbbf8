package import Logging

/// Where code reports what happened: each observation is counted, and logged if its level is on.
///
/// Observing costs one atomic addition when nothing is logged; any thread may call it.
package final class Observer: Sendable {
    private let logger: Logger
    private let counters: [Counter]
    private let batchSeconds: LatencyHistogram
    private let loadSeconds: LatencyHistogram
    private let jobSeconds: LatencyHistogram
    private let importedRows: Counter
    private let listener: (@Sendable (Observation) -> Void)?

    /// Creates an observer; a listener hears each observation at once, on the observing thread.
    ///
    /// Tests wait on the listener instead of sleeping.
    package init(
        logger: Logger, registry: MetricsRegistry,
        listener: (@Sendable (Observation) -> Void)? = nil
    ) {
        self.logger = logger
        self.listener = listener
        counters = ObservationKind.allCases.map { kind in
            registry.counter(
                "catalog_observations_total",
                help: "Everything that happened besides served requests, by kind.",
                labels: [("event", kind.name)])
        }
        batchSeconds = registry.histogram(
            "catalog_feed_batch_apply_seconds",
            help: "Time to apply one range of revisions to the cache.")
        loadSeconds = registry.histogram(
            "catalog_collection_load_seconds",
            help: "Time to load one collection or namespace into the cache.")
        jobSeconds = registry.histogram(
            "catalog_job_seconds", help: "Time of one job that succeeded.")
        importedRows = registry.counter(
            "catalog_legacy_rows_total",
            help: "Rows of single-tenant tables that this process has gone through.")
    }

    /// Counts and logs one observation.
    package func observe(_ observation: Observation) {
        let kind = observation.kind
        counters[kind.rawValue].increment()
        recordDuration(of: observation)
        listener?(observation)
        guard logger.logLevel <= kind.level else { return }
        logger.log(
            level: kind.level, "\(kind.name.spaced)", metadata: observation.metadata)
    }

    /// How often a kind has been observed.
    package func count(of kind: ObservationKind) -> Int {
        counters[kind.rawValue].current
    }

    private func recordDuration(of observation: Observation) {
        switch observation {
        case .batchApplied(_, _, _, _, let duration):
            batchSeconds.record(duration)
        case .collectionLoaded(_, _, _, _, let duration), .rebuilt(_, _, let duration):
            loadSeconds.record(duration)
        case .jobSucceeded(_, _, _, _, let duration):
            jobSeconds.record(duration)
        case .legacyRowsCopied(_, _, _, let batch, _):
            importedRows.increment(by: batch)
        default:
            break
        }
    }
}

extension String {
    fileprivate var spaced: String { String(map { $0 == "_" ? " " : $0 }) }
}
