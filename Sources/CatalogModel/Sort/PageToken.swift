/// The place in a list after which the next page begins, in a form that clients cannot read.
///
/// A token belongs to the query that made it: namespace, kind, order and filter.
package struct PageToken: Hashable, Sendable {
    private static let version: UInt8 = 1
    private static let headerBytes = 1 + 4 + 8
    private static let checksumBytes = 4

    /// A digest of the query that the token belongs to.
    package let fingerprint: UInt32
    /// The sort key of the last entity shown, or the text of a record's id.
    package let key: [UInt8]
    /// The id that breaks ties, or a time in milliseconds.
    package let id: Int64

    /// Makes a token for the canonical text of a query.
    package init(query: String, key: [UInt8], id: Int64) {
        fingerprint = PageToken.fingerprint(of: query)
        self.key = Array(key.prefix(CatalogLimits.pageTokenKeyBytes))
        self.id = id
    }

    /// Makes a token for a list ordered by time and then by a textual id.
    package init(query: String, timeMs: Int64, recordID: String) {
        self.init(query: query, key: Array(recordID.utf8), id: timeMs)
    }

    /// Reads a token; throws `.badRequest` for anything that was not made here.
    package init(decoding text: String) throws(RequestError) {
        guard text.utf8.count <= CatalogLimits.pageTokenLength,
            let bytes = Base64URL.decode(text),
            bytes.count >= PageToken.headerBytes + PageToken.checksumBytes,
            bytes.count - PageToken.headerBytes - PageToken.checksumBytes
                <= CatalogLimits.pageTokenKeyBytes,
            bytes[0] == PageToken.version
        else { throw PageToken.invalid }
        let body = bytes.dropLast(PageToken.checksumBytes)
        guard FNV1a.hash(body) == BigEndian.number(bytes.suffix(PageToken.checksumBytes)) else {
            throw PageToken.invalid
        }
        fingerprint = BigEndian.number(bytes[1..<5])
        id = Int64(bitPattern: BigEndian.number(bytes[5..<13]))
        key = Array(body.dropFirst(PageToken.headerBytes))
    }

    /// Reads a token and checks that it belongs to the query; throws `.badRequest`.
    package init(decoding text: String, query: String) throws(RequestError) {
        try self.init(decoding: text)
        guard belongs(to: query) else {
            throw .badRequest("invalid page token: it belongs to another query")
        }
    }

    private static let invalid = RequestError.badRequest("invalid page token")

    /// Whether the token was made for this query.
    package func belongs(to query: String) -> Bool {
        fingerprint == PageToken.fingerprint(of: query)
    }

    /// The sort key of the last entity shown.
    package var sortKey: SortKey { SortKey(bytes: key) }

    /// The time of the last record shown, in lists by time.
    package var timeMs: Int64 { id }

    /// The textual id of the last record shown, in lists by time.
    package var recordID: String { String(decoding: key, as: UTF8.self) }

    /// The token as clients carry it: letters, digits, `-` and `_` only.
    package var encoded: String {
        var bytes = [PageToken.version]
        bytes.reserveCapacity(PageToken.headerBytes + key.count + PageToken.checksumBytes)
        BigEndian.append(fingerprint, to: &bytes)
        BigEndian.append(UInt64(bitPattern: id), to: &bytes)
        bytes.append(contentsOf: key)
        BigEndian.append(FNV1a.hash(bytes[...]), to: &bytes)
        return Base64URL.encode(bytes)
    }

    private static func fingerprint(of query: String) -> UInt32 {
        FNV1a.hash(query.utf8)
    }
}
