import CatalogModel
import Postgres
import ReadPath

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

    /// How this replica is at the moment; cheap but for the sizes, which the board has.
    func now(_ page: ConsoleBoard.Page) -> JSONValue {
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
            "caches": .int(caches.count), "cacheBytes": .int(page.cacheBytes),
            "pageBytes": .int(caches.pageLibrary.usedBytes),
        ]
    }

    /// What all who watch the namespace share, at most two seconds old.
    func page() async -> ConsoleBoard.Page { await parts.board.page(of: namespace) }

    /// The sections that take a right, in the order of the page.
    func sections(_ page: ConsoleBoard.Page) async -> [(name: String, json: JSONValue)] {
        let assets = AccessAction(.assets, .list)
        return [
            ("replicas", await shown(page.replicas, assets).json),
            ("namespaces", await shown(page.caches).json),
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

    /// The lines of the namespaces that the caller may see.
    private func shown(_ rows: [ConsoleCaches.Row]) async -> ConsoleBoard.Section {
        let isReviewing = access.isReviewing
        var items: [JSONValue] = []
        do {
            for row in isReviewing ? rows.prefix(ServerLimits.consoleReviews) : rows[...]
            where try await may(AccessAction(.assets, .list), in: row.namespace) {
                items.append(row.json)
            }
        } catch {
            return .problem("authorization check failed")
        }
        return .items(items)
    }
}
