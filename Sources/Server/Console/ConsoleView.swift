import CatalogModel
import Postgres
import ReadPath
import Telemetry

/// The console as one caller may see it, in one namespace.
///
/// What others than `/metrics` show is held against the same rights as the endpoints that have it.
struct ConsoleView: Sendable {
    let parts: ConsoleParts
    let access: AccessControl
    let exchange: Exchange

    private var namespace: Namespace { exchange.namespace }

    /// What does not change: which replica answers, and what it lets the page offer.
    var greeting: JSONObject {
        let configuration = parts.configuration
        return [
            "version": .string(CatalogServer.version), "replica": .string(configuration.replica),
            "namespace": .string(namespace.name),
            "tenancy": .string(configuration.tenancy == .single ? "single" : "namespace"),
            "authorization": .string(access.isReviewing ? "sar" : "none"),
            "authentication": .string(configuration.access.tokens == nil ? "header" : "jwt"),
        ]
    }

    /// The last minutes, a point for each second.
    var history: (turn: UInt64, json: JSONValue) {
        let (turn, points) = parts.monitor.history
        return (turn, ["points": .array(points.map(\.json))])
    }

    /// How this replica is at the moment.
    var now: JSONValue {
        let latest = parts.monitor.latest
        let (state, pool) = (parts.readiness(), parts.pool.statistics)
        let caches = parts.caches
        return [
            "point": latest.point?.json ?? .null, "minute": latest.minute.json,
            "ready": .bool(state.isReady),
            "database": .string(state.database ?? "up"),
            "loaded": .bool(state.isInitialLoadComplete),
            "caughtUp": .bool(state.isFeedCaughtUp),
            "leaderElection": .string(state.leaderElection.rawValue),
            "uptimeMs": .int(Int64(parts.started.duration(to: .now) / .milliseconds(1))),
            "connections": [
                "open": .int(pool.open), "leased": .int(pool.leased), "waiting": .int(pool.waiting),
            ],
            "caches": .int(caches.count), "cacheBytes": .int(caches.usedBytes),
            "pageBytes": .int(caches.pageLibrary.usedBytes),
        ]
    }

    /// The sections that take a right, in the order of the page; asks the store at most every two
    /// seconds, however many listen.
    func sections() async -> [(name: String, json: JSONValue)] {
        let page = await parts.board.page(of: namespace)
        let assets = AccessAction(.assets, .list)
        return [
            ("replicas", await shown(page.replicas, assets).json),
            ("namespaces", await namespaces().json),
            ("jobs", await shown(page.jobs, AccessAction(.jobs, .list)).json),
            ("audit", await shown(page.audit, AccessAction(.audit, .list)).json),
        ]
    }

    private func shown(
        _ section: ConsoleBoard.Section, _ action: AccessAction
    ) async -> ConsoleBoard.Section {
        do {
            return try await may(action, in: namespace) ? section : .refused(action)
        } catch {
            return .problem("authorization check failed")
        }
    }

    private func may(_ action: AccessAction, in namespace: Namespace) async throws -> Bool {
        guard let reviewer = access.reviewer else { return true }
        let identity = exchange.identity
        guard !identity.isAnonymous else { return false }
        let question = AccessQuestion(
            user: identity.user, groups: identity.groups, action: action, namespace: namespace)
        return try await reviewer.isAllowed(question, identity)
    }

    /// The caches of this replica: the chosen namespace, the configured ones, then the furthest behind.
    private func namespaces() async -> ConsoleBoard.Section {
        let caches = parts.caches.all.map { (cache: $0, lag: Self.lag(of: $0)) }
        let configured = Set(parts.configuration.namespaces)
        let ordered = caches.sorted { left, right in
            let (a, b) = (left.cache.namespace, right.cache.namespace)
            let firsts = (a == namespace, configured.contains(a), left.lag ?? 0)
            let seconds = (b == namespace, configured.contains(b), right.lag ?? 0)
            if firsts.0 != seconds.0 { return firsts.0 }
            if firsts.1 != seconds.1 { return firsts.1 }
            return firsts.2 != seconds.2 ? firsts.2 > seconds.2 : a < b
        }
        let isReviewing = access.isReviewing
        let bound = isReviewing ? ServerLimits.consoleReviews : ServerLimits.consoleRows
        var items: [JSONValue] = []
        do {
            for (cache, lag) in ordered.prefix(bound)
            where try await may(AccessAction(.assets, .list), in: cache.namespace) {
                items.append(Self.row(cache, lag))
            }
        } catch {
            return .problem("authorization check failed")
        }
        return .items(items)
    }

    /// Nil where the namespace shares its metrics with others.
    private static func lag(of cache: NamespaceCache) -> Int? {
        guard let metrics = cache.metrics, metrics.namespace == cache.namespace.name else {
            return nil
        }
        return metrics.revisionLag.current
    }

    private static func row(_ cache: NamespaceCache, _ lag: Int?) -> JSONValue {
        let head = try? cache.head()
        let bound = cache.freshness.bound().map { Int64($0 / .milliseconds(1)) }
        return [
            "namespace": .string(cache.namespace.name),
            "revision": head.map { .int($0.revision.value) } ?? .null,
            "lag": lag.map { .int($0) } ?? .null,
            "stalenessMs": bound.map { .int($0) } ?? .null, "bytes": .int(cache.usedBytes),
        ]
    }
}
