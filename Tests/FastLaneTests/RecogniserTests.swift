import Testing

@testable import Server

@Suite("What the lane takes for a request")
struct RecogniserTests {
    private var recogniser: LaneRecogniser { LaneRecogniser() }

    private func recognised(_ text: String) -> LaneRequest? {
        let bytes = Array(text.utf8)
        return recogniser.request(in: bytes.span, from: 0)
    }

    private func text(_ range: Range<Int>, of request: String) -> String {
        String(decoding: Array(request.utf8)[range], as: UTF8.self)
    }

    @Test("the parts of a plain request are found where they are")
    func plain() throws {
        let whole =
            "HEAD /a/b?source=x HTTP/1.1\r\nHost: h:1\r\nUser-Agent: t (x; y)\r\n"
            + "X-REMOTE-USER: alice\r\nx-remote-group: g1,g2\r\nX-Namespace:team\r\n"
            + "If-None-Match: \"1-0\"\r\nOrigin: http://o\r\nX-Request-ID: r1\r\n"
            + "Connection: Keep-Alive\r\nAccept: */*\r\nX-Empty:\r\n\r\n"
        let request = try #require(recognised(whole + "GET /next"))
        #expect(request.isHead)
        #expect(request.byteCount == whole.utf8.count)
        #expect(text(request.target, of: whole) == "/a/b?source=x")
        #expect(text(request.path, of: whole) == "/a/b")
        #expect(text(request.query, of: whole) == "source=x")
        #expect(text(request.user, of: whole) == "alice")
        #expect(text(request.groups, of: whole) == "g1,g2")
        #expect(text(request.namespace, of: whole) == "team")
        #expect(text(request.ifNoneMatch, of: whole) == "\"1-0\"")
        #expect(text(request.origin, of: whole) == "http://o")
        #expect(text(request.requestID, of: whole) == "r1")
        #expect(!request.hasAuthorization)
    }

    @Test("nothing is a request before its last byte")
    func everyBeginning() {
        let whole = "GET /a HTTP/1.1\r\nHost: h\r\nAccept: */*\r\n\r\n"
        let bytes = Array(whole.utf8)
        for count in 0..<bytes.count {
            let beginning = Array(bytes[..<count])
            #expect(recogniser.request(in: beginning.span, from: 0) == nil, "\(count)")
        }
        #expect(recogniser.request(in: bytes.span, from: 0) != nil)
    }

    @Test("what smuggles requests past others is left to the decoder", arguments: Corpus.smuggling)
    func smuggling(request: String) {
        #expect(recognised(request) == nil)
    }

    @Test("what is merely unusual is left to the decoder", arguments: Corpus.unusual)
    func unusual(request: String) {
        #expect(recognised(request) == nil)
    }

    @Test("any single byte outside the form makes it somebody else's")
    func everyByte() {
        let whole = Array("GET /a HTTP/1.1\r\nHost: h\r\n\r\n".utf8)
        for index in whole.indices {
            for byte: UInt8 in [0, 1, 9, 10, 13, 0x7F, 0x80, 0xC3, 0xFF] where whole[index] != byte
            {
                var changed = whole
                changed[index] = byte
                #expect(recogniser.request(in: changed.span, from: 0) == nil, "\(index) \(byte)")
            }
        }
    }

    @Test("names are known in any case, families by their beginning, however long the name")
    func names() {
        func field(_ name: String) -> LaneField {
            let bytes = Array(" \(name):".utf8)
            return LaneFields().field(named: 1..<(bytes.count - 1), in: bytes.span)
        }
        for (name, expected) in [
            ("Host", LaneField.host), ("hOsT", .host), ("Accept-Encoding", .acceptEncoding),
            ("accept-encoding", .acceptEncoding), ("X-Namespace", .namespace),
            ("Accept-Encodings", .other), ("Accept-Encodin", .other), ("Hos", .other),
            ("Hosts", .other), ("Accept", .other), ("User-Agent", .other), ("I", .other),
            ("If", .other), ("If-", .refused), ("If-None-Match", .ifNoneMatch),
            ("If-None-Matches", .refused), ("iF-rAnGe", .refused), ("TE", .refused),
            ("TEE", .other), ("Content-Length", .refused), ("X-Catalog-Min-Revision", .refused),
            ("Access-Control-Request-Private-Network", .refused), ("Access-Contro1-", .other),
            ("Sec-WebSocket-Extensions", .refused), ("X-HTTP-Method-Override", .refused),
            ("X-HTTP-Metho", .other), ("X-Forwarded-For-Somebody", .other),
            // `[` and `@` are a bit away from letters; only letters fold.
            ("HO[T", .other), ("@ost", .other),
        ] {
            #expect(field(name) == expected, "\(name)")
        }
    }

    @Test("limits of length and number")
    func limits() {
        func request(path: Int = 1, fields: Int = 1, value: Int = 1) -> String {
            var text = "GET /\(String(repeating: "a", count: path)) HTTP/1.1\r\nHost: h\r\n"
            for number in 1..<max(1, fields) {
                text += "F\(number): \(String(repeating: "v", count: value))\r\n"
            }
            return text + "\r\n"
        }
        #expect(recognised(request(path: 2_000, fields: 60)) != nil)
        #expect(recognised(request(path: LaneLimits.targetBytes)) == nil)
        #expect(recognised(request(fields: LaneLimits.fields + 2)) == nil)
        #expect(recognised(request(fields: 5, value: LaneLimits.headBytes)) == nil)
    }
}

/// Requests that the lane must not answer.
enum Corpus {
    private static let start = "GET /api/agents_catalog/v1alpha1/agents/pull-request-reviewer"
    private static let line = "\(start) HTTP/1.1\r\nHost: h\r\n"

    /// Ways in which two parsers of a chain disagree about where a request ends.
    static let smuggling: [String] = [
        "\(line)Content-Length: 5\r\n\r\nhello",
        "\(line)Content-Length: 0\r\n\r\n",
        "\(line)Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello",
        "\(line)Content-Length: 5, 5\r\n\r\nhello",
        "\(line)Content-Length: +5\r\n\r\nhello",
        "\(line)Content-Length : 5\r\n\r\nhello",
        "\(line)Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "\(line)Transfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n0\r\n\r\n",
        "\(line)Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
        "\(line)Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n",
        "\(line)Transfer-Encoding:\u{0B}chunked\r\n\r\n0\r\n\r\n",
        "\(line)Transfer-Encoding\r\n : chunked\r\n\r\n0\r\n\r\n",
        "\(line)transfer-encoding: identity\r\n\r\n",
        "\(line)X: a\r\n Transfer-Encoding: chunked\r\n\r\n",
        "\(line)X: a\r\n\tb\r\n\r\n",
        "\(line) X: a\r\n\r\n",
        "\(line)X: a\rb\r\n\r\n",
        "\(line)X: a\nTransfer-Encoding: chunked\r\n\r\n",
        "\(line)X: a\u{0}b\r\n\r\n",
        "\(line)X a\r\n\r\n",
        "\(line): a\r\n\r\n",
        "\(line)X Y: a\r\n\r\n",
        "\(start) HTTP/1.1\nHost: h\n\n",
        "\(start) HTTP/1.1\r\nHost: h\n\r\n",
        "\(start) HTTP/1.1\rHost: h\r\n\r\n",
        "\(start) HTTP/1.1\r\nHost: h\r\n\n",
        "\r\n\(line)\r\n",
        "\(line)Host: other\r\n\r\n",
        "\(line)Upgrade: h2c\r\nConnection: Upgrade\r\n\r\n",
        "\(line)Expect: 100-continue\r\n\r\n",
        "\(line)Trailer: X\r\n\r\n",
        "\(line)TE: trailers\r\n\r\n",
        "\(line)Connection: close, keep-alive\r\n\r\n",
        "\(line)Connection: keep-alive\r\nConnection: close\r\n\r\n",
        "GET http://h/api/agents_catalog/v1alpha1/agents/x HTTP/1.1\r\nHost: h\r\n\r\n",
        "GET //h/x HTTP/1.1 \r\nHost: h\r\n\r\n",
        "GET  /x HTTP/1.1\r\nHost: h\r\n\r\n",
        "GET /x  HTTP/1.1\r\nHost: h\r\n\r\n",
        "GET\t/x\tHTTP/1.1\r\nHost: h\r\n\r\n",
        "GET /x\r\n\r\n",
        "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    ]

    /// Requests that mean something, but not to the lane.
    static let unusual: [String] = [
        "POST /x HTTP/1.1\r\nHost: h\r\n\r\n",
        "OPTIONS /x HTTP/1.1\r\nHost: h\r\n\r\n",
        "get /x HTTP/1.1\r\nHost: h\r\n\r\n",
        "GET /x HTTP/1.0\r\nHost: h\r\n\r\n",
        "GET /x HTTP/1.1\r\n\r\n",
        "GET /x HTTP/1.1\r\nHost:\r\n\r\n",
        "GET /x HTTP/1.1\r\nHost: a b\r\n\r\n",
        "GET /x HTTP/2.0\r\nHost: h\r\n\r\n",
        "GET /x#f HTTP/1.1\r\nHost: h\r\n\r\n",
        "GET /x%20y HTTP/1.1\r\nHost: h\r\n\r\n",
        "GET /x? HTTP/1.1\r\nHost: h\r\n\r\n",
        "GET /x?a=\"b\" HTTP/1.1\r\nHost: h\r\n\r\n",
        "GET /x?a=b|c HTTP/1.1\r\nHost: h\r\n\r\n",
        "GET /x?a=b#c HTTP/1.1\r\nHost: h\r\n\r\n",
        "GET /\u{E9} HTTP/1.1\r\nHost: h\r\n\r\n",
        "GET * HTTP/1.1\r\nHost: h\r\n\r\n",
        "\(line)Connection: close\r\n\r\n",
        "\(line)Cache-Control: no-cache\r\n\r\n",
        "\(line)If-Match: *\r\n\r\n",
        "\(line)If-Modified-Since: x\r\n\r\n",
        "\(line)If-None-Match:\r\n\r\n",
        "\(line)If-None-Match: \"1-0\"\r\nIf-None-Match: \"2-0\"\r\n\r\n",
        "\(line)Range: bytes=0-1\r\n\r\n",
        "\(line)X-Catalog-Consistency: strong\r\n\r\n",
        "\(line)X-Catalog-Min-Revision: 1\r\n\r\n",
        "\(line)X-Catalog-Of-Tomorrow: 1\r\n\r\n",
        "\(line)X-Remote-Group: a\r\nX-Remote-Group: b\r\n\r\n",
        "\(line)X-Request-ID: a b\r\n\r\n",
        "\(line)X-Remote-User: \(String(repeating: "u", count: 257))\r\n\r\n",
        "\(line)X:  two blanks\r\n\r\n",
        "\(line)X: blank behind \r\n\r\n",
        "\(line)X: caf\u{E9}\r\n\r\n",
    ]
}
