/// A request of the catalog's API, independent of the server that gets it.
package struct CatalogRequest: Sendable {
    package var method: String
    /// The path, encoded, without a query.
    package var path: String
    package var query: [(name: String, value: String)]
    package var headers: [(name: String, value: String)] = []
    package var body: [UInt8]?
    /// The namespace; without one the server's standard is meant.
    package var namespace: String?
    /// Whether a read asks for at least what the client has seen of the namespace.
    package var carriesTokens = true
    /// Whether a request that fails may be sent again, if that can do nothing twice.
    package var isRetried = true

    /// A request of a method for a path.
    package init(
        _ method: String, _ path: String, query: [(name: String, value: String)] = [],
        namespace: String? = nil
    ) {
        self.method = method
        self.path = path
        self.query = query
        self.namespace = namespace
    }

    /// A read.
    package static func get(
        _ path: String, query: [(name: String, value: String)] = [], namespace: String? = nil
    ) -> CatalogRequest {
        CatalogRequest("GET", path, query: query, namespace: namespace)
    }

    /// The same request with one more header.
    package func header(_ name: String, _ value: String) -> CatalogRequest {
        var copy = self
        copy.headers.append((name, value))
        return copy
    }

    /// The same request with a key of its own: however often it comes, it is executed once.
    ///
    /// Only for writes of entities, whose keys the server remembers.
    package var once: CatalogRequest {
        let parts = (0..<2).map { _ in String(UInt64.random(in: 0 ... .max), radix: 36) }
        return header("Idempotency-Key", parts.joined(separator: "-"))
    }

    /// The same request without the client's own tokens and attempts: exactly what the caller says.
    package var plain: CatalogRequest {
        var copy = self
        copy.carriesTokens = false
        copy.isRetried = false
        return copy
    }

    package var isRead: Bool { method == "GET" || method == "HEAD" }

    /// Whether sending it twice has the effect of sending it once.
    package var isRepeatable: Bool {
        isRead || method == "PUT" || method == "DELETE"
            || headers.contains { $0.name.lowercased() == "idempotency-key" }
    }

    /// The path and the query, with whatever has to be encoded in the query encoded.
    package var target: String {
        guard !query.isEmpty else { return path }
        let pairs = query.map { "\(Self.encoded($0.name))=\(Self.encoded($0.value))" }
        return "\(path)?\(pairs.joined(separator: "&"))"
    }

    /// Text with everything percent-encoded that could mean something in a path or query.
    package static func encoded(_ text: String) -> String {
        text.utf8.reduce(into: "") { result, byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."),
                UInt8(ascii: "_"), UInt8(ascii: "~"):
                result.unicodeScalars.append(Unicode.Scalar(byte))
            default:
                let digits = String(byte, radix: 16, uppercase: true)
                result += digits.utf8.count == 1 ? "%0\(digits)" : "%\(digits)"
            }
        }
    }
}
