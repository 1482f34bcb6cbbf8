import CatalogModel
import HTTPTypes
import Hummingbird
import Invalidation
import ReadPath
import Telemetry

/// Gets and lists of entities.
struct ReadHandler: Sendable {
    let reader: CatalogReader
    let explainer: ReadExplainer
    let metrics: NamespaceMetricsFamily
    /// Entities that one page of a list may look at.
    let scanLimit: Int

    func list(_ kind: KindTable.Entry, _ exchange: Exchange) async throws -> Response {
        var query = try ListQuery(
            kind: kind, namespace: exchange.namespace, parameters: exchange.query,
            sources: try sources(kind, exchange.query))
        query.scanLimit = scanLimit
        let explains = try ReadExplainer.isAsked(exchange.query)
        // Labels stand for other sources after a change of the configuration.
        let isLasting = !explains && exchange.query["sourceLabel"] == nil
        let target = isLasting ? exchange.request.head.path.map { Array($0.utf8) } : nil
        let answer = try await reader.list(
            query, in: exchange.namespace, try ReadDemand(exchange.request.headers),
            target: target)
        if explains { return await explain(answer, kind, exchange, isEntity: false) }
        return try await respond(listing: answer, kind, exchange)
    }

    /// Sends a list in the form that the client prefers.
    func respond(
        listing answer: ReadAnswer, _ kind: KindTable.Entry, _ exchange: Exchange
    ) async throws -> Response {
        let request = exchange.request.headers
        let headers = self.headers(of: answer, kind, exchange)
        let shelf = reader.caches[exchange.namespace]?.pages
        let page = answer.content.page
        let served =
            page?.companion { ServedPage($0.body) } ?? ServedPage(answer.content.body ?? [])
        let tag = answer.content.tag
        try Self.requireMatch(request, tag)
        return try await PageResponse(headers: headers, served: served).respond(
            to: request, tag: { coding in tag?.description(of: coding) ?? "" },
            isMet: { EntityTagCondition($0).matches(tag) },
            onMade: { bytes in
                if let page { shelf?.grow(page, by: bytes) }
            })
    }

    func entity(
        _ kind: KindTable.Entry, name: String, source: String?, _ exchange: Exchange
    ) async throws -> Response {
        let source = source ?? exchange.query.nonEmpty("source")
        let explains = try ReadExplainer.isAsked(exchange.query)
        let answer = try await reader.entity(
            kind, named: name, source: source, in: exchange.namespace,
            try ReadDemand(exchange.request.headers))
        if explains { return await explain(answer, kind, exchange, isEntity: true) }
        guard answer.content.body != nil else {
            var response = ErrorResponse.response(
                Self.notFound(kind, name: name, source: source), shape: exchange.endpoint.errorShape
            )
            setHeaders(of: answer, exchange, &response.headers)
            return response
        }
        return try respond(answer, kind, exchange)
    }

    /// Which sources a list is limited to; throws for parameters that exclude each other.
    private func sources(
        _ kind: KindTable.Entry, _ query: QueryParameters
    ) throws(RequestError) -> Set<String>? {
        let ids = query.list("source")
        guard kind.kind.convention == .model else { return ids.isEmpty ? nil : Set(ids) }
        let labels = query.list("sourceLabel")
        guard ids.isEmpty || labels.isEmpty else {
            throw .badRequest("source and sourceLabel cannot be used together")
        }
        if !labels.isEmpty {
            return reader.sources.ids(labelled: labels, plugin: kind.plugin.name)
        }
        return ids.isEmpty ? nil : Set(ids)
    }

    static func notFound(
        _ kind: KindTable.Entry, name: String, source: String?
    ) -> RequestError {
        if kind.kind.convention == .model {
            let place = source.map { " in source \"\($0)\"" } ?? ""
            return .notFound("No model found with name \"\(name)\"\(place)")
        }
        return .notFound("\(kind.kind.notFoundNoun) \"\(name)\" not found")
    }

    private func respond(
        _ answer: ReadAnswer, _ kind: KindTable.Entry, _ exchange: Exchange
    ) throws(RequestError) -> Response {
        let headers = self.headers(of: answer, kind, exchange)
        let tag = answer.content.tag
        let conditions = exchange.request.headers
        try Self.requireMatch(conditions, tag)
        if let known = conditions[.ifNoneMatch].map({ EntityTagCondition($0) }),
            known.matches(tag)
        {
            return Response(status: .notModified, headers: headers)
        }
        var body = answer.content.body ?? []
        if body.last != UInt8(ascii: "\n") { body.append(UInt8(ascii: "\n")) }
        return .json(bytes: body, headers: headers)
    }

    private static func requireMatch(
        _ conditions: HTTPFields, _ tag: EntityTag?
    ) throws(RequestError) {
        guard let text = conditions[.ifMatch], !EntityTagCondition(text).matches(tag) else {
            return
        }
        throw RequestError(.preconditionFailed, "the entity is not the one of If-Match")
    }

    private func headers(
        of answer: ReadAnswer, _ kind: KindTable.Entry, _ exchange: Exchange
    ) -> HTTPFields {
        var headers: HTTPFields = [
            .contentType: Self.contentType(of: kind.kind)
        ]
        // A shared cache in between may keep the answer but has to ask before it uses it.
        headers[.cacheControl] = "private, no-cache"
        headers[.vary] = "X-Namespace"
        headers[.eTag] = answer.content.tag?.description
        setHeaders(of: answer, exchange, &headers)
        return headers
    }

    /// The media type of entities and lists.
    static func contentType(of kind: KindDefinition) -> String {
        kind.convention == .catalog ? "application/json" : "application/json; charset=UTF-8"
    }

    /// Says how the answer came about instead of sending it.
    func explain(
        _ answer: ReadAnswer, _ kind: KindTable.Entry, _ exchange: Exchange, isEntity: Bool
    ) async -> Response {
        let object = await explainer.explanation(
            of: answer, kind, in: exchange.namespace, isEntity: isEntity)
        var headers: HTTPFields = [.cacheControl: "no-store"]
        setHeaders(of: answer, exchange, &headers)
        return .json(.object(object), headers: headers)
    }

    func setHeaders(
        of answer: ReadAnswer, _ exchange: Exchange, _ headers: inout HTTPFields
    ) {
        headers[.cache] = answer.outcome.rawValue
        headers[.cacheStatus] = CacheStatus.value(answer.outcome, answer.reason)
        headers[.catalogRevision] = String(answer.content.revision.value)
        headers[.catalogEpoch] = answer.content.epoch?.text
        headers[.stalenessBound] = String(answer.boundMs)
        let counters = answer.metrics ?? metrics.metrics(for: exchange.namespace.name)
        counters.requests(answer.outcome).increment()
    }
}

/// The value of the `Cache-Status` header (RFC 9211).
enum CacheStatus {
    static func value(_ outcome: CacheOutcome, _ reason: ReadReason? = nil) -> String {
        let detail = reason.map { "; detail=\($0.rawValue)" } ?? ""
        switch outcome {
        case .hit, .stale: return "catalog; hit\(detail)"
        // The cache had a fresh answer, but the request did not allow it without asking.
        case .miss where reason == .verified: return "catalog; fwd=request\(detail)"
        case .miss where reason == .tooOld || reason == .behind || reason == .feedLost:
            return "catalog; fwd=stale\(detail)"
        case .miss: return "catalog; fwd=miss\(detail)"
        case .bypass: return "catalog; fwd=request\(detail)"
        }
    }
}
