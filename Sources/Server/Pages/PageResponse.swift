import CatalogModel
import Compression
import HTTPTypes
import Hummingbird

/// Sends a rendered body in the form that the client prefers, or says that it has it.
///
/// Each form has a strong tag of its own, as its bytes are its own: `"<tag>-gzip"`. A condition that
/// names any form of the present content holds, and the 304 repeats the tag that the client sent:
/// what it has stored is current, whatever it would be sent today.
struct PageResponse {
    var headers: HTTPFields
    let served: ServedPage

    /// `tag` makes the tag of a form; `isMet` says whether a condition names the content.
    func respond(
        to request: HTTPFields, tag: (ContentCoding) -> String, isMet: (String) -> Bool,
        onMade: (Int) -> Void = { _ in }
    ) async throws(RequestError) -> Response {
        var headers = headers
        headers[.vary] = "Accept-Encoding, X-Namespace"
        if let text = request[.ifNoneMatch], isMet(text) {
            let held = ContentCoding.allCases.last { text.contains(tag($0)) }
            headers[.eTag] = tag(held ?? .identity)
            return Response(status: .notModified, headers: headers)
        }
        let accepted = AcceptEncoding(request[.acceptEncoding])
        guard let (coding, buffer) = await served.body(for: accepted, onMade: onMade) else {
            throw RequestError(
                .notAcceptable, "the answer is sent plain, by gzip or by zstd",
                details: ["acceptEncoding": "identity, gzip, zstd"])
        }
        headers[.eTag] = tag(coding)
        if coding != .identity { headers[.contentEncoding] = coding.rawValue }
        return Response(
            status: .ok, headers: headers, body: ResponseBody(byteBuffer: buffer))
    }
}

extension EntityTag {
    func description(of coding: ContentCoding) -> String {
        coding == .identity ? description : description(coding: coding.rawValue)
    }
}
