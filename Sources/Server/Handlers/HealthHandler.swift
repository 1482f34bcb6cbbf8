import CatalogModel
import Hummingbird
import Telemetry

/// What `/readyz` says of one part of the server.
struct Readiness: Sendable, Hashable {
    var database: String?
    var isInitialLoadComplete = false
    var isFeedCaughtUp = false
    var leaderElection = Leadership.Role.notConfigured

    var isReady: Bool { database == nil && isInitialLoadComplete && isFeedCaughtUp }
}

/// Liveness, readiness and metrics; without tenancy and identity.
struct HealthHandler: Sendable {
    let started: ContinuousClock.Instant
    let pluginCount: Int
    let registry: MetricsRegistry
    /// Asked at every request; reads published state, does no I/O.
    let readiness: @Sendable () -> Readiness

    func live() -> Response {
        let uptime = Uptime(ms: Int64(started.duration(to: .now) / .milliseconds(1)))
        return .json(
            .object(["status": "alive", "uptime": .string(uptime.description)]),
            headers: [.cacheControl: "no-store"])
    }

    func ready() -> Response {
        let state = readiness()
        var database: JSONObject = ["status": .string(state.database == nil ? "up" : "down")]
        if let reason = state.database { database["error"] = .string(reason) }
        let isLoaded = state.isInitialLoadComplete && state.isFeedCaughtUp
        let components: JSONObject = [
            "database": .object(database),
            "initial_load": ["status": .string(isLoaded ? "complete" : "pending")],
            "plugins": [
                "status": "healthy",
                "details": .string("all \(pluginCount) plugins healthy"),
            ],
            "leader_election": ["status": .string(state.leaderElection.rawValue)],
        ]
        return .json(
            .object([
                "status": .string(state.isReady ? "ready" : "not_ready"),
                "components": .object(components),
            ]),
            status: state.isReady ? .ok : .serviceUnavailable,
            headers: [.cacheControl: "no-store"])
    }

    func metrics() -> Response {
        var text: [UInt8] = []
        registry.exposition(into: &text)
        return Response(
            status: .ok,
            headers: [.contentType: MetricsRegistry.contentType, .cacheControl: "no-store"],
            body: ResponseBody(byteBuffer: ByteBuffer(bytes: text)))
    }
}
