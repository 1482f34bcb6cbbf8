import CatalogModel
import Compression
import HTTPTypes
import Hummingbird

/// The description of the HTTP interface, for machines and for people; made at start.
struct InterfaceHandler: Sendable {
    /// How the description is written.
    enum Form: Sendable {
        case document
        case page
    }

    private let document: RenderedAnswer
    private let page: RenderedAnswer

    init(_ described: APIDocument) {
        document = RenderedAnswer(described.json)
        page = RenderedAnswer(described.page)
    }

    func describe(_ form: Form, _ exchange: Exchange) async throws(RequestError) -> Response {
        let answer = form == .document ? document : page
        let headers: HTTPFields = [
            .contentType: form == .document ? "application/json" : "text/html; charset=utf-8",
            .cacheControl: "no-cache",
        ]
        return try await PageResponse(headers: headers, served: answer.served).respond(
            to: exchange.request.headers, tag: { answer.tag(of: $0) },
            isMet: { answer.isMet($0) })
    }
}
