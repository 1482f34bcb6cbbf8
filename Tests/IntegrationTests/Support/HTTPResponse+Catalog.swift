import CatalogModel
import TestSupport

/// What the headers and envelopes of the catalog say.
extension HTTPResponse {
    /// HIT, MISS, BYPASS or STALE.
    var cache: String { header("X-Cache") ?? "" }

    /// The namespace's revision that the answer shows.
    var revision: UInt64 { header("X-Catalog-Revision").flatMap { UInt64($0) } ?? 0 }

    var tag: String { header("ETag") ?? "" }

    /// How old the answer can be at the most.
    var stalenessBound: Duration? {
        header("X-Staleness-Bound").flatMap { Int($0) }.map { .milliseconds($0) }
    }

    /// The names on a page of a list, in its order.
    func names() throws -> [String] {
        try (json()["items"]?.arrayValue ?? []).compactMap { $0["name"]?.stringValue }
    }

    /// What has to be the same wherever the same content is served.
    var content: Content { Content(status: status, tag: tag, body: text) }

    struct Content: Hashable, Sendable {
        let status: Int
        let tag: String
        let body: String
    }
}
