import Synchronization
import Telemetry

/// Whether this replica leads, for those who only look.
final class Leadership: Sendable {
    /// As `/readyz` shows it.
    enum Role: String, Sendable {
        case notConfigured = "not_configured"
        case follower, leader
    }

    private struct Metrics {
        let leads: Gauge
        let transitions: Counter
    }

    private let state: Mutex<Role>
    private let metrics: Metrics?

    /// For a server without election.
    init() {
        state = Mutex(.notConfigured)
        metrics = nil
    }

    /// For a server that takes part in an election, as a follower at first.
    init(registry: MetricsRegistry) {
        state = Mutex(.follower)
        metrics = Metrics(
            leads: registry.gauge(
                "catalog_leader", help: "Whether this replica leads: 1 or 0."),
            transitions: registry.counter(
                "catalog_leadership_transitions_total",
                help: "How often this replica became the leader or ceased to be it."))
    }

    /// Read by any thread at any time.
    var role: Role { state.withLock { $0 } }

    func become(_ role: Role) {
        let isChange = state.withLock { current in
            defer { current = role }
            return current != role
        }
        guard isChange else { return }
        metrics?.leads.set(role == .leader ? 1 : 0)
        metrics?.transitions.increment()
    }
}
