import CatalogModel
import Foundation
import TestSupport
import Testing

/// Random numbers that a seed repeats.
private struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}

/// A request made of parts that mean something and parts that do not.
private struct RandomRequest {
    private static let words =
        Catalog.all.flatMap { [$0.plural, $0.list, $0.base, $0.list + ":batch", $0.list + "/x"] }
        + [
            "/livez", "/readyz", "/metrics", "/api", "/api/plugins", "capabilities", "management",
            "refresh", "sources", "/api/jobs/v1alpha1/refresh", "/api/audit/v1alpha1/events",
            "/api/tenancy/v1alpha1/namespaces", "..", ".", "", "%2F", "%00", "%ff", "a b",
            ":cancel",
            ":batch", "x", "{name}", "*", "\u{1F600}", "名前", "0", "-1",
        ]
    private static let parameters = [
        "pageSize", "pageToken", "nextPageToken", "orderBy", "sortOrder", "filterQuery", "q",
        "source", "sourceLabel", "namespace", "actor", "state", "plugin", "zz",
    ]
    private static let values = [
        "", "0", "-1", "1", "999999999999999999999", "name", "NAME", "DESC", "x = 'y'", "((((",
        "name LIKE '%'", "' OR 1=1 --", "AAAA", "null", "%", "\u{0}", "\u{1F600}",
        "artifacts.a > 1e9",
        "name IN ('a','b')", "a.b.c.d.e = 1", "\\", "\"", "`", "9e999", "name = '\\u0000'",
        "customProperties.x.int_value = 9223372036854775808",
    ]
    private static let headerValues = [
        "", "*", "\"1-0000000000000000\"", "operator", "no-cache", "strong", "max-age=0",
        "a,b,,", "  ", "bytes=0-",
        "chunky", "text/html", String(repeating: "h", count: 2_000), "\"", "W/",
        "18446744073709551616",
    ]
    private static let headerNames = [
        "If-Match", "If-None-Match", "Idempotency-Key", "X-Namespace", "X-Remote-User",
        "X-Remote-Group", "X-Request-ID", "X-Correlation-ID", "Cache-Control", "Origin", "Accept",
        "X-Catalog-Min-Revision", "X-Catalog-Epoch", "X-Catalog-Consistency",
        "Access-Control-Request-Method", "Content-Type", "Accept-Encoding", "Range", "Cookie",
    ]
    private static let bodies = [
        "", "{}", "[]", "null", "{\"name\":\"x\"}", "{\"items\":[{}]}",
        "{\"items\":[null,1,\"a\",[]]}",
        "{\"name\":\"\\u0000\"}", "{\"name\":{}}", "{\"name\":\"x\",\"deploymentMode\":\"local\"}",
        "{\"name\":\"x\",\"customProperties\":{\"a\":{\"b\":[{}]}}}", "{", "\u{0}", "1e400",
        "{\"name\":\"x\",\"artifacts\":[{\"artifactType\":\"z\"}]}", "{\"name\":\"\u{202E}x\"}",
        "{\"name\":\"x\",\"tasks\":[1]}", "{\"name\":\"x\",\"tools\":[{\"skillRef\":5}]}",
    ]

    let method: String
    let target: String
    let headers: [String: String]
    let body: [UInt8]?

    init(_ random: inout SeededGenerator) {
        func pick<T>(_ all: [T], _ random: inout SeededGenerator) -> T {
            all[Int(random.next() % UInt64(all.count))]
        }
        method = pick(["GET", "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"], &random)
        var path = pick(Self.words, &random)
        if !path.hasPrefix("/") { path = "/\(path)" }
        for _ in 0..<(random.next() % 3) { path += "/\(pick(Self.words, &random))" }
        path = path.utf8.reduce(into: "") { text, byte in
            // Bytes that would end the target are encoded; everything else goes as it is.
            text +=
                byte > 0x20 && byte < 0x7F
                ? String(Unicode.Scalar(byte)) : "%\(String(byte, radix: 16))"
        }
        var query: [String] = []
        for _ in 0..<(random.next() % 4) {
            let value = pick(Self.values, &random)
            let isRaw = random.next() % 8 == 0 && value.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F }
            query.append("\(pick(Self.parameters, &random))=\(isRaw ? value : encoded(value))")
        }
        target = query.isEmpty ? path : "\(path)?\(query.joined(separator: "&"))"
        var headers = random.next() % 4 == 0 ? [:] : ["X-User-Role": "operator"]
        headers["X-Namespace"] = random.next() % 6 == 0 ? nil : "fuzz"
        for _ in 0..<(random.next() % 3) {
            headers[pick(Self.headerNames, &random)] = pick(Self.headerValues, &random)
        }
        self.headers = headers
        body =
            ["POST", "PUT", "PATCH"].contains(method) ? Array(pick(Self.bodies, &random).utf8) : nil
    }
}

@Suite("Random requests", .turns, .timeLimit(.minutes(5)))
struct FuzzContractTests {
    private static let requests = 800

    @Test("nothing that a client sends is the server's fault")
    func random() async throws {
        let given = ProcessInfo.processInfo.environment["CATALOG_TEST_SEED"]
        let seed = given.flatMap { UInt64($0) } ?? UInt64.random(in: 0 ... .max)
        var random = SeededGenerator(seed: seed)
        let server = try await Tenant.fresh().server
        var connection = try await server.client.connect()
        for number in 0..<Self.requests {
            let request = RandomRequest(&random)
            let place = "seed \(seed), request \(number): \(request.method) \(request.target)"
            let response = try await connection.send(
                request.method, request.target, headers: request.headers, body: request.body)
            #expect(
                response.status < 500
                    || response.status == 503 && request.target.hasPrefix("/readyz"),
                "\(place) \(request.headers): \(response.status) \(response.text.prefix(200))")
            if response.header("Content-Type")?.hasPrefix("application/json") == true,
                request.method != "HEAD"
            {
                #expect((try? response.json()) != nil, "\(place)")
            }
            if connection.isAtEnd { connection = try await server.client.connect() }
        }
        #expect(server.isRunning)
        #expect(try await server.client.get("/readyz").status == 200)
        let failed = try await server.metric(
            "catalog_observations_total", ["event": "request_failed"])
        #expect(failed == 0)
    }

    @Test("random bytes neither end nor hang the server")
    func bytes() async throws {
        var random = SeededGenerator(seed: 7)
        let client = try await SharedServer.get().client
        for _ in 0..<60 {
            let count = Int(random.next() % 400)
            var bytes = (0..<count).map { _ in UInt8(truncatingIfNeeded: random.next()) }
            if random.next() % 2 == 0 {
                bytes = Array("GET /livez HTTP/1.1\r\nHost: x\r\n".utf8) + bytes
            }
            let (received, _) = try await client.raw(
                bytes + Array("\r\n\r\n".utf8), timeout: .milliseconds(50), enough: 12)
            let text = String(decoding: received.prefix(12), as: UTF8.self)
            #expect(text.isEmpty || !text.hasPrefix("HTTP/1.1 5"))
        }
        #expect(try await client.get("/livez").status == 200)
    }
}
