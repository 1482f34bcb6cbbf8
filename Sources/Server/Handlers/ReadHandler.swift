import CatalogModel
import HTTPTypes
import Hummingbird
import Invalidation
import ReadPath
import Telemetry

/// Gets and lists of entities.
struct ReadHandler: Sendable {
    let reader: CatalogReader
    let metrics: NamespaceMetricsFamily

    func list(_ kind: KindTable.Entry, _ exchange: Exchange) async throws -> Response {
        let query = try ListQuery(
            kind: kind, namespace: exchange.namespace, parameters: exchange.query,
            sources: try sources(kind, exchange.query))
        let answer = try await reader.list(
            query, in: exchange.namespace, bypass: exchange.asksForStore)
        return respond(answer, kind, exchange)
    }

    func entity(
        _ kind: KindTable.Entry, name: String, source: String?, _ exchange: Exchange
    ) async throws -> Response {
        let source = source ?? exchange.query.nonEmpty("source")
        let answer = try await reader.entity(
            kind, named: name, source: source, in: exchange.namespace,
            bypass: exchange.asksForStore)
        guard answer.body != nil else {
            var response = ErrorResponse.response(
                Self.notFound(kind, name: name, source: source), shape: exchange.endpoint.errorShape
            )
            setHeaders(of: answer, exchange, &response.headers)
            return response
        }
        return respond(answer, kind, exchange)
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

    private static func notFound(
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
    ) -> Response {
        var headers: HTTPFields = [
            .contentType: kind.kind.convention == .catalog
                ? "application/json" : "application/json; charset=UTF-8"
        ]
        // A shared cache in between may keep the answer but has to ask before it uses it.
        headers[.cacheControl] = "private, no-cache"
        headers[.vary] = "X-Namespace"
        headers[.eTag] = answer.tag?.description
        setHeaders(of: answer, exchange, &headers)
        if let condition = exchange.request.headers[.ifNoneMatch].map({ EntityTagCondition($0) }),
            condition.matches(answer.tag)
        {
            return Response(status: .notModified, headers: headers)
        }
        var body = answer.body ?? []
        if body.last != UInt8(ascii: "\n") { body.append(UInt8(ascii: "\n")) }
        return .json(bytes: body, headers: headers)
    }

    private func setHeaders(
        of answer: ReadAnswer, _ exchange: Exchange, _ headers: inout HTTPFields
    ) {
        headers[.cache] = answer.outcome.rawValue
        headers[.cacheStatus] = CacheStatus.value(answer.outcome, detail: answer.detail)
        headers[.catalogRevision] = String(answer.revision.value)
        let milliseconds = (answer.bound / .milliseconds(1)).rounded(.up)
        headers[.stalenessBound] = String(Int(milliseconds))
        metrics.metrics(for: exchange.namespace.name).requests(answer.outcome).increment()
    }
}

/// The value of the `Cache-Status` header (RFC 9211).
enum CacheStatus {
    static func value(_ outcome: CacheOutcome, detail: String?) -> String {
        let reason = detail.map { "; detail=\($0)" } ?? ""
        switch outcome {
        case .hit, .stale: return "catalog; hit\(reason)"
        case .miss: return "catalog; fwd=miss\(reason)"
        case .bypass: return "catalog; fwd=request\(reason)"
        }
    }
}

extension Exchange {
    /// Whether the client asks for an answer of the store.
    var asksForStore: Bool {
        guard let control = request.headers[.cacheControl] else { return false }
        return control.split(separator: ",").contains {
            $0.trimmingBlanks.lowercased() == "no-cache"
        }
    }
}
