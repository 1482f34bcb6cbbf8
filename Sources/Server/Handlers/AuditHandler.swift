import CatalogModel
import HTTPTypes
import Hummingbird
import WritePath

/// Looking at audit events, and recording what was refused or failed.
///
/// What succeeded was recorded in its own transaction.
struct AuditHandler: Sendable {
    let log: AuditLog
    let chain: AuditChain
    let isEnabled: Bool
    let recordsDenied: Bool
    private static let recordedMethods: Set<String> = ["POST", "PUT", "PATCH", "DELETE"]

    func list(_ exchange: Exchange) async throws -> Response {
        let query = exchange.query
        let page = try await log.list(
            namespace: exchange.namespace,
            filter: AuditFilter(
                actor: query.nonEmpty("actor"), plugin: query.nonEmpty("plugin"),
                action: query.nonEmpty("action"), eventType: query.nonEmpty("eventType")),
            pageSize: query["pageSize"].flatMap { Int($0) } ?? 0,
            pageToken: query.nonEmpty("pageToken"))
        return .json(
            [
                "events": .array(page.events.map { .object($0.json) }),
                "nextPageToken": .string(page.nextPageToken ?? ""),
                "totalSize": .int(page.totalSize),
            ], headers: [.cacheControl: "no-store"])
    }

    func get(_ id: String, _ exchange: Exchange) async throws -> Response {
        let event = try await log.get(namespace: exchange.namespace, id: id)
        return .json(.object(event.json), headers: [.cacheControl: "no-store"])
    }

    /// Checks the namespace's chain of events.
    func verify(_ exchange: Exchange) async throws -> Response {
        let verdict = try await chain.verify(exchange.namespace)
        return .json(.object(verdict.json), headers: [.cacheControl: "no-store"])
    }

    /// Whether requests of a method are recorded.
    static func records(_ method: String) -> Bool { recordedMethods.contains(method) }

    /// Records a request that succeeded and wrote nothing in whose transaction the event could be.
    func recordSuccess(of exchange: Exchange) async {
        guard isEnabled else { return }
        try? await log.record(
            AuditEvent(exchange.writeContext, outcome: .success, statusCode: 200))
    }

    /// Records a mutation that did not happen; the answer stands whether or not this succeeds.
    func recordFailure(
        of exchange: Exchange, status: Int, reason: String, duration: Duration
    ) async {
        switch exchange.endpoint {
        case .live, .ready: return
        default: break
        }
        await recordFailure(
            of: exchange.writeContext, names: exchange.endpoint.entityNames, status: status,
            reason: reason, duration: duration)
    }

    /// Records a request that led to no endpoint, if it came from somewhere to somewhere.
    func recordFailure(
        of context: WriteContext, names: [String]? = nil, status: Int, reason: String,
        duration: Duration
    ) async {
        guard isEnabled, Self.records(context.method) else { return }
        let isDenied = status == HTTPResponse.Status.forbidden.code
        guard recordsDenied || !isDenied else { return }
        var event = AuditEvent(
            context, outcome: isDenied ? .denied : .failure, statusCode: status)
        if let names {
            event.resourceType = "entities"
            event.resourceIDs = names
        }
        event.reason = reason
        event.metadata = AuditEvent.metadata(of: context, duration: duration)
        event.began = nil
        // The log observes its own failure; the store may be what is down.
        try? await log.record(event)
    }
}

extension Endpoint {
    /// The entities that the path names, none for a whole collection; nil for other resources.
    fileprivate var entityNames: [String]? {
        switch self {
        case .collection, .batch: []
        case .entity(_, let name, _): [name]
        default: nil
        }
    }
}
