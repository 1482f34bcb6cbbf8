import Telemetry

/// What the change feed counts.
struct ChangeMetrics: Sendable {
    let streams: Gauge
    let replicas: Gauge
    let changes: Counter
    let bookmarks: Counter
    let gone: Counter
    let refused: Counter
    let stalled: Counter

    init(registry: MetricsRegistry) {
        streams = registry.gauge(
            "catalog_change_streams_open", help: "Event streams of the change feed that are open.")
        replicas = registry.gauge(
            "catalog_fed_replicas", help: "Replicas that listen to this one.")
        changes = registry.counter(
            "catalog_change_events_total", help: "Changes sent to clients of the change feed.")
        bookmarks = registry.counter(
            "catalog_change_bookmarks_total", help: "Bookmarks sent to event streams.")
        gone = registry.counter(
            "catalog_change_gone_total",
            help: "Clients of the change feed that were below the floor of the log.")
        refused = registry.counter(
            "catalog_change_lost_total",
            help: "Clients of the change feed whose place is in no history of the store.")
        stalled = registry.counter(
            "catalog_change_stalled_total",
            help: "Streams ended because the client had stopped reading.")
    }

    func count(_ refusal: ChangeRefusal) {
        switch refusal {
        case .belowFloor: gone.increment()
        case .lost: refused.increment()
        }
    }
}
