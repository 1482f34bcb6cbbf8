import CatalogModel
import HTTPTypes
import Hummingbird
import Invalidation
import NIOCore
import Telemetry
import WritePath

/// The way of every request: id, limits, CORS, route, tenancy, identity, permission, handler, audit.
struct CatalogResponder: HTTPResponder {
    typealias Context = CatalogContext

    let routes: RouteTable
    let tenancy: Tenancy
    let identities: IdentityReader
    let handlers: Handlers
    let metrics: RequestMetrics
    let accessLog: AccessLog
    let observer: Observer

    /// What a request turned out to be, for the log and the counters.
    private struct Facts {
        var group = RequestMetrics.Group.unmatched
        var namespace = ""
        var user = ""
    }

    func respond(to request: Request, context: Context) async throws -> Response {
        let given = TraceContext(
            traceparent: request.headers[.traceparent], tracestate: request.headers[.tracestate])
        guard let step = given?.child() else { return await answer(request, context) }
        return await TraceContext.$current.withValue(step) {
            var response = await answer(request, context)
            response.headers[.traceparent] = step.traceparent
            return response
        }
    }

    private func answer(_ request: Request, _ context: Context) async -> Response {
        let began = ContinuousClock.now
        let requestID = Self.requestID(request.headers)
        var facts = Facts()
        var response: Response
        if let preflight = CORS.preflight(request) {
            response = preflight
        } else {
            response = await answer(request, context, requestID: requestID, &facts)
        }
        CORS.allow(request, &response.headers)
        // A length would be that of another answer; HTTP/1.1 leaves it out by itself.
        if response.status == .notModified { response.headers[.contentLength] = nil }
        // HTTP/2 has no such field: a stream ends by itself.
        if context.channel.isStreamOfConnection { response.headers[.connection] = nil }
        response.headers[.requestID] = requestID
        let length = response.body.contentLength ?? 0
        if request.method == .head { response = response.createHeadResponse() }
        let micros = began.duration(to: .now).wholeMicros
        metrics.record(facts.group, status: response.status.code, micros: micros)
        accessLog.record(
            method: request.method.rawValue, path: request.head.path ?? "",
            status: response.status.code, durationMicros: micros, bytes: length,
            namespace: facts.namespace, requestId: requestID,
            cache: response.headers[.cache].flatMap { CacheOutcome(rawValue: $0) },
            remoteUser: facts.user, trace: .current)
        return response
    }

    private func answer(
        _ request: Request, _ context: Context, requestID: String, _ facts: inout Facts
    ) async -> Response {
        let began = ContinuousClock.now
        let peer = context.peer
        var shape = ErrorShape.plain
        do {
            if let refusal = Self.refusal(of: request) { return refusal }
            let target = Substring(request.head.path ?? "/")
            let path = target.prefix { $0 != "?" }
            guard let endpoint = try routes.endpoint(of: path) else {
                throw handlers.access.unknownPath
            }
            let method = request.method.rawValue
            facts.group = endpoint.group(method: method)
            shape = endpoint.errorShape
            try Self.checkExpectation(of: request)
            let query = try QueryParameters(target.dropFirst(path.count + 1))
            shape = .gate
            let namespace =
                endpoint.isNamespaced
                ? try tenancy.namespace(of: query, request.headers) : .default
            shape = endpoint.errorShape
            let exchange = Exchange(
                request: request, method: method, path: path, query: query, endpoint: endpoint,
                namespace: namespace, requestID: requestID,
                identity: try identities.identity(of: request.headers, from: peer),
                channel: context.channel)
            facts.namespace = endpoint.isNamespaced ? namespace.name : ""
            facts.user = exchange.identity.user
            return await handlers.respond(to: exchange, observer: observer)
        } catch {
            let response = Self.response(to: error, shape: shape, request, requestID, observer)
            await recordUnrouted(
                request, from: peer, requestID, status: response.status.code, "\(error)", began)
            return response
        }
    }

    /// Records a mutation that led nowhere, unless its namespace or its caller is not known.
    private func recordUnrouted(
        _ request: Request, from peer: SocketAddress?, _ requestID: String, status: Int,
        _ reason: String, _ began: ContinuousClock.Instant
    ) async {
        guard AuditHandler.records(request.method.rawValue) else { return }
        let target = Substring(request.head.path ?? "/")
        let path = target.prefix { $0 != "?" }
        guard let query = try? QueryParameters(target.dropFirst(path.count + 1)),
            let namespace = try? tenancy.namespace(of: query, request.headers),
            let identity = try? identities.identity(of: request.headers, from: peer)
        else { return }
        let context = WriteContext(
            namespace: namespace, actor: identity.user, requestID: requestID,
            correlationID: request.headers[.correlationID], method: request.method.rawValue,
            path: String(path), groups: identity.groups, trace: .current)
        await handlers.audit.recordFailure(
            of: context, status: status, reason: reason, duration: began.duration(to: .now))
    }

    /// Turns what a handler threw into an answer; what nobody foresaw is counted and a 500.
    static func response(
        to error: any Error, shape: ErrorShape, _ request: Request, _ requestID: String,
        _ observer: Observer
    ) -> Response {
        if let error = error as? GateError {
            return ErrorResponse.response(error.error, shape: .gate)
        }
        if let error = error as? RequestError {
            let isGate = error.code == .forbidden
            return ErrorResponse.response(error, shape: isGate ? .gate : shape)
        }
        if let error = error as? FeedError, [.storeUnavailable, .stopped].contains(error.code) {
            return ErrorResponse.response(
                .unavailable("the database is not available at present; try again later"),
                shape: shape)
        }
        observer.observe(
            .requestFailed(
                method: request.method.rawValue, path: request.head.path ?? "",
                requestId: requestID, reason: "\(error)"))
        return ErrorResponse.response(
            RequestError(.internalError, "internal error"), shape: shape)
    }

    /// Requests whose head is too large are answered before anything looks into them.
    private static func refusal(of request: Request) -> Response? {
        let target = request.head.path?.utf8.count ?? 0
        guard target <= ServerLimits.targetBytes else {
            return Response(status: .uriTooLong)
        }
        let bytes = request.headers.reduce(0) {
            $0 + $1.name.rawName.utf8.count + $1.value.utf8.count
        }
        guard bytes <= ServerLimits.headerBytes else {
            return Response(status: .requestHeaderFieldsTooLarge)
        }
        return nil
    }

    /// Refuses a request that expects what nobody here can do.
    private static func checkExpectation(of request: Request) throws(RequestError) {
        guard Expectation(request.headers[.expect]) == .other else { return }
        throw RequestError(
            .expectationFailed, "the only expectation that is known is 100-continue")
    }

    /// The client's request id if it is plain and short, else a new one.
    private static func requestID(_ headers: HTTPFields) -> String {
        if let given = headers[.requestID], !given.isEmpty,
            given.utf8.count <= ServerLimits.requestIDBytes,
            given.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F })
        {
            return given
        }
        let bits = UInt64.random(in: .min ... .max)
        let hex = String(bits, radix: 16)
        return String(repeating: "0", count: 16 - hex.count) + hex
    }
}
