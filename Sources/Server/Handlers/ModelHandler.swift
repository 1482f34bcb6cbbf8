import CatalogModel
import HTTPTypes
import Hummingbird
import ReadPath

/// The artifacts of a model, and what models can be filtered by.
struct ModelHandler: Sendable {
    let reads: ReadHandler

    func artifacts(
        of model: String, source: String, _ scope: ArtifactQuery.Scope,
        _ kind: KindTable.Entry, _ exchange: Exchange
    ) async throws -> Response {
        let query = try ArtifactQuery(
            model: model, source: source, in: exchange.namespace, scope, exchange.query)
        let explains = try ReadExplainer.isAsked(exchange.query)
        let answer = try await reads.reader.artifacts(
            query, of: kind, in: exchange.namespace, try ReadDemand(exchange.request.headers))
        if explains { return await reads.explain(answer, kind, exchange, isEntity: true) }
        guard answer.content.body != nil else {
            var error = ReadHandler.notFound(kind, name: model, source: source)
            // The contract has it so: the list refuses what the performance list does not find.
            if scope == .all { error = .badRequest(error.message) }
            var response = ErrorResponse.response(error, shape: exchange.endpoint.errorShape)
            reads.setHeaders(of: answer, exchange, &response.headers)
            return response
        }
        return try await reads.respond(listing: answer, kind, exchange)
    }

    func filterOptions(
        _ kind: KindTable.Entry, _ exchange: Exchange
    ) async throws -> Response {
        let explains = try ReadExplainer.isAsked(exchange.query)
        let answer = try await reads.reader.filterOptions(
            of: kind, limit: reads.scanLimit, in: exchange.namespace,
            try ReadDemand(exchange.request.headers))
        if explains { return await reads.explain(answer, kind, exchange, isEntity: false) }
        return try await reads.respond(listing: answer, kind, exchange)
    }
}
