import Telemetry

/// Counts what became of the questions whether somebody may do something.
///
/// A request may ask several; counting is one atomic addition, on any thread.
struct DecisionCounters: Sendable {
    /// Where a decision came from.
    enum Origin: String, CaseIterable, Sendable {
        /// It was remembered.
        case cache
        /// The cluster was asked, for this request or for one at the same time.
        case cluster
        /// Nobody was asked: the caller has no name or needs no more than one, or the path has no rule.
        case rule
    }

    private let allowed: [Counter]
    private let denied: [Counter]
    private let failed: Counter

    init(registry: MetricsRegistry) {
        func counter(_ outcome: String, _ origin: Origin) -> Counter {
            registry.counter(
                "catalog_authorization_decisions_total",
                help: "Decisions about access, by outcome and by where they came from.",
                labels: [("outcome", outcome), ("source", origin.rawValue)])
        }
        allowed = Origin.allCases.map { counter("allowed", $0) }
        denied = Origin.allCases.map { counter("denied", $0) }
        failed = counter("error", .cluster)
    }

    func count(isAllowed: Bool, _ origin: Origin) {
        let index = Origin.allCases.firstIndex(of: origin) ?? 0
        (isAllowed ? allowed : denied)[index].increment()
    }

    /// Counts a question that the cluster did not answer.
    func countFailure() { failed.increment() }
}
