import Testing

@testable import LoadModel

@Suite("Requests of a stream")
struct RequestSourceTests {
    private func source(_ mix: [Operation: Int], stream: Int = 0) -> RequestSource {
        RequestSource(
            Samples.scenario(mix: mix), mix: mix, catalog: SeededCatalog(host: "h:1"),
            stream: stream)
    }

    private func text(_ operation: Operation, tag: String? = nil) -> String {
        var source = source([operation: 1])
        var bytes: [UInt8] = []
        let request = PlannedRequest(operation: operation, namespace: 3, key: 42)
        source.render(request, tag: tag.map { Array($0.utf8) }, into: &bytes)
        return String(decoding: bytes, as: UTF8.self)
    }

    private let path = "/api/mcp_catalog/v1alpha1/mcpservers"

    @Test("each operation has its request")
    func requests() {
        #expect(
            text(.get)
                == "GET \(path)/server-0000042?namespace=bench-3 HTTP/1.1\r\nHost: h:1\r\n\r\n")
        #expect(text(.list).hasPrefix("GET \(path)?pageSize=10&namespace=bench-3 HTTP/1.1\r\n"))
        #expect(text(.conditional, tag: "\"t\"").contains("\r\nIf-None-Match: \"t\"\r\n"))
        #expect(!text(.conditional).contains("If-None-Match"))
        #expect(text(.absent).contains("/absent-42?"))
        #expect(text(.miss).contains("\r\nCache-Control: no-cache\r\n"))
    }

    @Test("headers of all requests stand in each")
    func headers() {
        let catalog = SeededCatalog(host: "h:1", headers: ["X-Remote-User: a", "X-B: c"])
        var source = RequestSource(
            Samples.scenario(mix: [.get: 1]), mix: [.get: 1], catalog: catalog, stream: 0)
        var bytes: [UInt8] = []
        source.render(
            PlannedRequest(operation: .get, namespace: 0, key: 0), tag: nil, into: &bytes)
        #expect(
            String(decoding: bytes, as: UTF8.self)
                .hasSuffix("\r\nHost: h:1\r\nX-Remote-User: a\r\nX-B: c\r\n\r\n"))
    }

    @Test("a write has a body of the length that it says, never the same twice")
    func writes() throws {
        var source = source([.write: 1])
        var bodies: Set<String> = []
        for _ in 0..<2 {
            var bytes: [UInt8] = []
            let request = source.next()
            source.render(request, tag: nil, into: &bytes)
            let text = String(decoding: bytes, as: UTF8.self)
            let end = try #require(text.firstRange(of: "\r\n\r\n"))
            let body = text[end.upperBound...]
            #expect(text.hasPrefix("PATCH "))
            #expect(text.contains("\r\nContent-Length: \(body.utf8.count)\r\n"))
            bodies.insert(String(body))
        }
        #expect(bodies.count == 2)
    }

    @Test("the mix keeps its weights, streams differ, and a seed repeats")
    func mix() {
        func draw(_ stream: Int) -> [PlannedRequest] {
            var source = source([.get: 3, .list: 1], stream: stream)
            return (0..<4_000).map { _ in source.next() }
        }
        let gets = draw(0).count { $0.operation == .get }
        // Five standard deviations around three quarters.
        #expect(abs(gets - 3_000) < 140)
        #expect(draw(0) == draw(0))
        #expect(draw(0) != draw(1))
        #expect(Set(draw(0).map(\.namespace)) == [0, 1])
    }

    @Test("bounds are checked")
    func bounds() {
        var scenario = Samples.scenario(mix: [.get: 1])
        #expect(throws: Never.self) { try scenario.check() }
        scenario.seconds = 1_000
        #expect(throws: Scenario.Failure.self) { try scenario.check() }
        #expect(throws: Scenario.Failure.self) { try Samples.scenario(mix: [:]).check() }
    }

    @Test("processor times are read from a name with spaces and parentheses")
    func processTimes() {
        let stat = "7 (a (b) c) S 1 1 1 0 -1 4194560 100 0 0 0 250 50 0 0 20 0 3 0 100"
        #expect(ProcessTimes(stat: stat)?.microseconds == 3_000_000)
        #expect(ProcessTimes(stat: "nothing") == nil)
    }
}
