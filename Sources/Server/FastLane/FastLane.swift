import CatalogModel
import Hummingbird
import NIOCore
import ReadPath
import Synchronization
import Telemetry

/// Answers hits on the event loop, in front of the router; shared by all connections.
///
/// It answers nothing that the router does not answer with the same bytes, and may leave any
/// request to it. `LaneCore` does the work, one for each event loop.
final class FastLane: Sendable {
    let mode: LaneMode
    let tenancy: ServerConfiguration.Tenancy
    let access: HitAccess
    let caches: CacheDirectory
    let routes: LaneRoutes
    let accessLog: AccessLog
    /// Tells whose identity headers count.
    let identities: IdentityReader
    let gets: RequestMetrics.Row
    let lists: RequestMetrics.Row
    let discoveries: RequestMetrics.Row
    /// Where the router keeps what it answered; nil where it keeps nothing.
    let discovery: DiscoveryCache?
    let namespaceMetrics: NamespaceMetricsFamily
    let answeredBytes: Counter
    let answeredParts: Counter
    /// Connections that the loops in front lend to the router's side, and those that come back.
    let lent: Counter
    let returned: Counter
    /// Beyond this age an answer is no plain hit.
    let ageLimit: Int64
    private let loops = Mutex<[ObjectIdentifier: NIOLoopBound<LaneLoop>]>([:])

    init(
        mode: LaneMode, tenancy: ServerConfiguration.Tenancy, policy: DegradedPolicy,
        access: HitAccess, identities: IdentityReader, caches: CacheDirectory,
        registry: MetricsRegistry, metrics: RequestMetrics,
        namespaceMetrics: NamespaceMetricsFamily, accessLog: AccessLog,
        discovery: DiscoveryCache? = nil
    ) {
        self.mode = mode
        self.tenancy = tenancy
        self.access = access
        self.identities = identities
        self.caches = caches
        self.accessLog = accessLog
        self.namespaceMetrics = namespaceMetrics
        routes = LaneRoutes(kinds: caches.kinds)
        gets = metrics.row(of: .get)
        lists = metrics.row(of: .list)
        discoveries = metrics.row(of: .discovery)
        self.discovery = discovery
        func answered(_ layer: LaneMode) -> Counter {
            registry.counter(
                "catalog_fast_lane_hits_total",
                help: "Hits answered in front of the router, by the layer that recognised them.",
                labels: [("layer", layer.rawValue)])
        }
        answeredBytes = answered(.bytes)
        answeredParts = answered(.parts)
        lent = registry.counter(
            "catalog_front_loans_total",
            help: "Times that a connection was lent to the router's side.")
        returned = registry.counter(
            "catalog_front_returns_total",
            help: "Times that a connection came back from the router's side.")
        ageLimit = Int64(policy.stalenessLimit.wholeMicros) * 1_000
    }

    /// The part of the lane that belongs to an event loop; to be called on it.
    func state(on loop: any EventLoop) -> LaneLoop {
        loop.preconditionInEventLoop()
        return loops.withLock { loops in
            if let known = loops[ObjectIdentifier(loop)] { return known.value }
            let state = LaneLoop(lane: self)
            loops[ObjectIdentifier(loop)] = NIOLoopBound(state, eventLoop: loop)
            return state
        }
    }
}
