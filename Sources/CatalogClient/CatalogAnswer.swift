package import CatalogModel

/// An answer of the catalog's API.
package struct CatalogAnswer: Sendable {
    /// The server that answered.
    package let server: String
    package let status: Int
    /// Header fields, names in lower case; the first value of each.
    package let headers: [String: String]
    package let body: [UInt8]
    /// Whether the client had to drop what it had seen, because that history is gone.
    package internal(set) var lostHistory = false

    /// An answer with its parts.
    package init(server: String, status: Int, headers: [String: String], body: [UInt8]) {
        self.server = server
        self.status = status
        self.headers = headers
        self.body = body
    }

    package var isSuccess: Bool { (200..<300).contains(status) }

    /// The namespace's revision that the answer shows, or that the write made.
    package var revision: UInt64? { headers["x-catalog-revision"].flatMap { UInt64($0) } }

    /// The history that the revision belongs to.
    package var epoch: String? { headers["x-catalog-epoch"] }

    package var tag: String? { headers["etag"] }

    /// HIT, MISS, BYPASS or STALE.
    package var cache: String? { headers["x-cache"] }

    /// How old the answer can be at the most, in milliseconds.
    package var stalenessBoundMs: Int64? { headers["x-staleness-bound"].flatMap { Int64($0) } }

    /// The body as text.
    package var text: String { String(decoding: body, as: UTF8.self) }

    /// The body as JSON; throws `.malformed` for anything else.
    package func json() throws(ClientError) -> JSONValue {
        do {
            return try JSONParser.parse(body)
        } catch {
            throw ClientError(.malformed, "the answer is not JSON", server: server)
        }
    }

    /// Whether the server says that the history of the request's tokens is gone.
    var saysRevisionLost: Bool {
        status == 409
            && (try? JSONParser.parse(body))?.value(at: "details.reason")?.stringValue
                == "revision_lost"
    }
}
