import CatalogModel
import TestSupport
import Testing

@Suite("Malformed HTTP", .turns, .timeLimit(.minutes(5)))
struct MalformedContractTests {
    /// The status of the first answer to some bytes, nil where none came.
    private func status(
        _ text: String
    ) async throws -> Int? {
        let client = try await SharedServer.get().client
        let (received, _) = try await client.raw(
            Array(text.utf8), timeout: .seconds(10), enough: 12)
        let line = String(decoding: received.prefix(12), as: UTF8.self)
        return line.hasPrefix("HTTP/1.1 ") ? Int(line.suffix(3)) : nil
    }

    private func expectAlive() async throws {
        #expect(try await SharedServer.get().client.get("/livez").status == 200)
    }

    @Test(
        "what is no request is refused",
        arguments: [
            "GARBAGE\r\n\r\n", "GET\r\n\r\n", "GET / HTTP/9.9\r\n\r\n", "\u{0}\u{1}\r\n\r\n",
            "GET /livez HTTP/1.1\r\nHost x\r\n\r\n", "GET /livez HTTP/1.1\r\nA b: x\r\n\r\n",
            "GET /livez HTTP/1.1\r\nHost: x\r\n folded: x\r\n\r\n",
            "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
            "FOO /livez HTTP/1.1\r\nHost: x\r\n\r\n",
            "GET /livez HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
            "GET /livez HTTP/1.1\r\nHost: x\r\nContent-Length: x\r\n\r\n",
            "GET /livez HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999999999999\r\n\r\n",
            "POST /livez HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nabcdef",
            "POST /livez HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            "GET /livez HTTP/1.1\nHost: x\n\n",
            "GET /livez HTTP/1.1\r\nHost: x\r\nX: a\u{0}b\r\n\r\n",
        ])
    func refused(text: String) async throws {
        #expect(try await status(text) == 400)
        try await expectAlive()
    }

    @Test("headers that are too large are refused")
    func largeHeaders() async throws {
        func request(_ headers: String) -> String {
            "GET /livez HTTP/1.1\r\nHost: x\r\n\(headers)\r\n"
        }
        let one = "X-A: \(String(repeating: "a", count: 40_000))\r\n"
        #expect(try await status(request(one)) == 431)
        let many = (0..<400).map { "X-\($0): \(String(repeating: "a", count: 100))\r\n" }
        #expect(try await status(request(many.joined())) == 431)
        // Beyond what the parser takes it no longer says which limit it was.
        let bomb = (0..<20_000).map { "X-\($0): \(String(repeating: "a", count: 100))\r\n" }
        let answer = try await status(request(bomb.joined()))
        #expect(answer == nil || [400, 431].contains(answer))
        try await expectAlive()
    }

    @Test("a target that is too long is refused")
    func longTarget() async throws {
        let client = try await SharedServer.get().client
        let long = String(repeating: "a", count: 20_000)
        for path in ["/\(long)", "/livez?\(long)", "\(Catalog.agents.list)/\(long)"] {
            #expect(try await client.get(path).status == 414)
        }
        let longer = String(repeating: "a", count: 200_000)
        let answer = try await status("GET /\(longer) HTTP/1.1\r\nHost: x\r\n\r\n")
        #expect(answer == nil || [400, 414].contains(answer))
        try await expectAlive()
    }

    @Test("a query of many parameters is refused")
    func manyParameters() async throws {
        let client = try await SharedServer.get().client
        let query = (0..<400).map { "p\($0)=1" }.joined(separator: "&")
        #expect(try await client.get("\(Catalog.agents.list)?\(query)").status == 400)
    }

    @Test(
        "malformed escapes are refused",
        arguments: ["%", "%z", "%zz", "%ff", "%c3%28", "%00", "a%"])
    func escapes(text: String) async throws {
        let client = try await SharedServer.get().client
        for path in [
            "\(Catalog.agents.list)/\(text)", "\(Catalog.agents.list)?q=\(text)",
            "\(Catalog.agents.list)?\(text)=1", "/api/plugins/\(text)/capabilities",
            "\(Catalog.model.base)/sources/\(text)/models/x",
        ] {
            #expect(try await client.get(path).status == 400, "\(path)")
        }
    }

    @Test("half a request neither hangs the others nor ends the server")
    func halfRequests() async throws {
        let client = try await SharedServer.get().client
        let halves = [
            "", "G", "GET /livez", "GET /livez HTTP/1.1\r\n", "GET /livez HTTP/1.1\r\nHost: x\r\n",
            "POST \(Catalog.agents.list) HTTP/1.1\r\nHost: x\r\nX-User-Role: operator\r\n"
                + "Content-Length: 10\r\n\r\n{",
        ]
        try await withThrowingTaskGroup { group in
            for half in halves {
                for _ in 0..<5 {
                    group.addTask {
                        _ = try await client.raw(Array(half.utf8), timeout: .milliseconds(300))
                    }
                }
            }
            for _ in 0..<10 {
                group.addTask { try await expectAlive() }
            }
            try await group.waitForAll()
        }
        try await expectAlive()
    }

    @Test("requests that were sent at once are answered in order")
    func pipelined() async throws {
        let client = try await SharedServer.get().client
        let paths = ["/livez", "/nope", "/api/plugins/mcp/capabilities", "/livez"]
        let text = paths.enumerated().map { number, path in
            let last = number == paths.count - 1 ? "Connection: close\r\n" : ""
            return "GET \(path) HTTP/1.1\r\nHost: x\r\nX-Request-ID: p\(path)\r\n\(last)\r\n"
        }
        let (received, _) = try await client.raw(
            Array(text.joined().utf8), timeout: .seconds(10))
        let answer = String(decoding: received, as: UTF8.self)
        let ids = answer.split(separator: "\r\n").filter { $0.hasPrefix("X-Request-ID: ") }
        #expect(ids == paths.map { "X-Request-ID: p\($0)" })
    }
}
