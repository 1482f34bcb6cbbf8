import CatalogModel
import HTTPTypes
import Hummingbird
import Invalidation
import ReadPath
import Telemetry

/// The change feed for clients, as a long poll or as a stream of events.
struct ChangesHandler: Sendable {
    let hub: ChangeHub
    let seats: ChangeSeats
    let kinds: KindTable
    let metrics: ChangeMetrics
    let access: AccessControl
    /// How long one write of a stream may wait for the client.
    let writeTimeout: Duration

    func changes(_ exchange: Exchange) async throws -> Response {
        let asked = try ChangesRequest(exchange, kinds: kinds)
        let namespace = exchange.namespace
        let seat = try seats.take(in: namespace, isStream: asked.isStream)
        // What is wrong with the place is said by a status, also to a stream.
        var step = try await hub.next(
            in: namespace, after: asked.cursor,
            until: .now + ServerLimits.changesFirstLook, isLook: true)
        if asked.isStream {
            let first = try accepted(step)
            let stream = ChangeStream(
                hub: hub, namespace: namespace, request: asked, metrics: metrics,
                writeTimeout: writeTimeout
            ) { [access] in try await access.check(exchange) }
            return stream.response(from: first, seat, exchange)
        }
        guard asked.wait > .zero, case .caughtUp(let place) = step,
            let cursor = asked.cursor ?? place
        else { return try answer(step, asked, namespace, closes: false) }
        let end = ContinuousClock.now + asked.wait
        do {
            step = try await exchange.whileClientListens {
                try await waiting(namespace, cursor, asked, until: end)
            }
        } catch is CancellationError {
            throw RequestError.unavailable("the client has gone")
        }
        // The right may have ended during the wait.
        try await access.check(exchange)
        return try answer(step, asked, namespace, closes: true, since: cursor)
    }

    /// Waits for changes that the request asks for; skips those that it does not.
    private func waiting(
        _ namespace: Namespace, _ cursor: ChangeCursor, _ asked: ChangesRequest,
        until end: ContinuousClock.Instant
    ) async throws -> ChangeHub.Step {
        var cursor = cursor
        while true {
            let step = try await hub.next(in: namespace, after: cursor, until: end)
            guard case .revisions(let revisions, _, let next) = step,
                !revisions.contains(where: { $0.changes.contains(where: asked.includes) })
            else { return step }
            cursor = next
        }
    }

    /// Throws what the step means for a client that cannot go on from its place.
    private func accepted(_ step: ChangeHub.Step) throws(RequestError) -> ChangeHub.Step {
        switch step {
        case .revisions, .caughtUp: return step
        case .lost(let head): throw refused(.lost(head))
        case .belowFloor(let head, let floor): throw refused(.belowFloor(head, floor: floor))
        case .stopped:
            throw .unavailable("the server is shutting down", details: ["reason": "shutdown"])
        }
    }

    private func refused(_ refusal: ChangeRefusal) -> RequestError {
        metrics.count(refusal)
        return refusal.error
    }

    private func answer(
        _ step: ChangeHub.Step, _ asked: ChangesRequest, _ namespace: Namespace, closes: Bool,
        since: ChangeCursor? = nil
    ) throws(RequestError) -> Response {
        let from = since ?? asked.cursor
        var object: JSONObject = ["namespace": .string(namespace.name)]
        var headers: HTTPFields = [.cacheControl: "no-store", .vary: "X-Namespace"]
        var changes: [JSONValue] = []
        let to: ChangeCursor?
        switch try accepted(step) {
        case .revisions(let revisions, _, let next):
            to = next
            for revision in revisions {
                for change in revision.changes where asked.includes(change) {
                    changes.append(
                        .object(ChangeJSON.change(change, revision, asked.includesBody)))
                }
            }
            metrics.changes.increment(by: changes.count)
        case .caughtUp(let place): to = place ?? from
        default: to = from
        }
        let epoch = to?.epoch ?? from?.epoch
        object["epoch"] = epoch.map { .string($0.text) } ?? .null
        object["from"] = .int(from?.revision.value ?? to?.revision.value ?? 0)
        object["to"] = .int(to?.revision.value ?? 0)
        object["cursor"] = .string(to?.description ?? "0")
        object["changes"] = .array(changes)
        headers[.catalogRevision] = String(to?.revision.value ?? 0)
        headers[.catalogEpoch] = epoch?.text
        // A page in the middle of the log says nothing of what comes after it.
        if let to, let bound = hub.bound(at: to, in: namespace) {
            headers[.stalenessBound] = bound.wholeMsUp
        }
        if closes { headers[.connection] = "close" }
        return .json(.object(object), headers: headers)
    }
}

extension Duration {
    /// Milliseconds, rounded up, as headers carry them.
    var wholeMsUp: String {
        let parts = components
        let fraction = (parts.attoseconds + 999_999_999_999_999) / 1_000_000_000_000_000
        return String(parts.seconds * 1_000 + fraction)
    }
}
