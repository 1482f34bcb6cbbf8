/// One request of a stream before it is rendered.
package struct PlannedRequest: Sendable, Hashable {
    package let operation: Operation
    package let namespace: Int
    package let key: Int
}

/// Where the seeded data lies, as `bench/run` and `bench/compare` seed it.
package struct SeededCatalog: Sendable {
    package let host: String
    package let listPath = "/api/mcp_catalog/v1alpha1/mcpservers"
    /// Further header lines of every request, each with its end.
    private let headers: String

    /// Takes headers of the form `Name: value`, such as an identity that may read and write.
    package init(host: String, headers: [String] = []) {
        self.host = host
        self.headers = headers.map { $0 + "\r\n" }.joined()
    }

    var commonHead: String { " HTTP/1.1\r\nHost: \(host)\r\n\(headers)" }

    package func namespaceName(_ number: Int) -> String { "bench-\(number)" }

    /// Seven digits, so that the names' order is the numbers'.
    package func entityName(_ number: Int) -> String {
        let digits = String(number)
        return "server-" + String(repeating: "0", count: max(0, 7 - digits.count)) + digits
    }
}

/// The endless sequence of one stream's requests; the same seed gives the same sequence.
package struct RequestSource: Sendable {
    private let catalog: SeededCatalog
    private let namespaces: Int
    private let mix: OperationMix
    private let keys: ZipfKeys
    private let lists: [String]
    private let commonHead: String
    private var generator: SeededGenerator
    private var listTurn = 0
    private var writes = 0

    package init(
        _ scenario: Scenario, mix: [Operation: Int], catalog: SeededCatalog, stream: Int
    ) {
        self.catalog = catalog
        namespaces = scenario.namespaces
        self.mix = OperationMix(mix)
        keys = ZipfKeys(count: scenario.keys, exponent: scenario.zipf)
        lists = scenario.lists ?? []
        commonHead = catalog.commonHead
        generator = SeededGenerator(seed: scenario.seed &+ UInt64(stream) &* 0x9E37_79B9)
    }

    package mutating func next() -> PlannedRequest {
        let operation = mix.next(using: &generator)
        let namespace = Int(generator.unit() * Double(namespaces))
        return PlannedRequest(
            operation: operation, namespace: namespace, key: keys.next(using: &generator))
    }

    /// Appends the request's bytes; `tag` is the entity tag of the last answer, where one is known.
    package mutating func render(
        _ request: PlannedRequest, tag: [UInt8]?, into bytes: inout [UInt8]
    ) {
        bytes += (request.operation == .write ? "PATCH " : "GET ").utf8
        bytes += catalog.listPath.utf8
        var query = "?namespace="
        switch request.operation {
        case .list:
            query = "?\(lists[listTurn % lists.count])&namespace="
            listTurn += 1
        case .absent: bytes += "/absent-\(request.key)".utf8
        default: bytes += "/\(catalog.entityName(request.key))".utf8
        }
        bytes += query.utf8
        bytes += catalog.namespaceName(request.namespace).utf8
        bytes += commonHead.utf8
        switch request.operation {
        case .conditional:
            if let tag {
                bytes += "If-None-Match: ".utf8
                bytes += tag
                bytes += "\r\n".utf8
            }
        case .miss: bytes += "Cache-Control: no-cache\r\n".utf8
        case .write:
            let body = patch()
            bytes += "X-User-Role: operator\r\nContent-Type: application/merge-patch+json\r\n".utf8
            bytes += "Content-Length: \(body.utf8.count)\r\n\r\n\(body)".utf8
            return
        default: break
        }
        bytes += "\r\n".utf8
    }

    /// A change of about the size of what is there; never twice the same.
    private mutating func patch() -> String {
        writes += 1
        let text = String(repeating: "a changed description ", count: 30)
        return "{\"description\":\"\(text)\(generator.next()) \(writes)\"}"
    }
}
