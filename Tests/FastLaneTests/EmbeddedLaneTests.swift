import CatalogModel
import NIOCore
import NIOEmbedded
import ReadPath
import Testing

@testable import Server

@Suite("A connection with the lane")
struct EmbeddedLaneTests {
    private static let agents = "/api/agents_catalog/v1alpha1/agents"
    private static func get(_ target: String, _ fields: String = "") -> String {
        "GET \(target) HTTP/1.1\r\nHost: h\r\n\(fields)\r\n"
    }
    private static let hit = get("\(agents)/one")
    private static let miss = get("\(agents)/nobody")

    @Test("hits are answered without the router", arguments: [LaneMode.bytes, .parts])
    func hits(mode: LaneMode) throws {
        let fixture = try LaneFixture(mode: mode)
        let connection = try fixture.connect()
        for name in ["one", "Two", "two", "a/b"] {
            try connection.send(Self.get("\(Self.agents)/\(name)"))
            let answer = try connection.received()
            #expect(answer.hasPrefix("HTTP/1.1 200 OK\r\n"))
            #expect(answer.contains("\"name\":\"\(name)\""))
            #expect(answer.contains("\r\nX-Catalog-Revision: 7\r\n"))
        }
        #expect(connection.router.requests.isEmpty)
        let rival = "/api/model_catalog/v1alpha1/models/org/m"
        try connection.send(Self.get(rival))
        #expect(connection.router.requests == ["GET \(rival)"])
    }

    @Test("an answer that was begun and given up is not sent, also behind one that is")
    func givenUp() throws {
        let connection = try LaneFixture().connect()
        // The first of two sources is found and written before the second one is.
        let rival = "/api/model_catalog/v1alpha1/models/org/m"
        try connection.send(Self.hit + Self.get(rival))
        #expect(try connection.statuses() == ["200 OK"])
        #expect(connection.router.requests == ["GET \(rival)"])
        connection.router.answer()
        #expect(try connection.statuses() == ["202 Accepted"])
    }

    @Test("identity headers count only when the peer is trusted")
    func untrusted() throws {
        let named = HitAccess(leavesTokens: false) { user, _, _, _, _ in user.count > 0 }
        let request = Self.get("\(Self.agents)/one", "X-Remote-User: alice\r\n")
        let trusted = try LaneFixture(access: named).connect()
        try trusted.send(request + Self.hit)
        #expect(try trusted.statuses() == ["200 OK"])
        #expect(trusted.router.requests.count == 1)
        let network = try #require(TrustedProxies.Network("10.0.0.0/8"))
        let proxies = TrustedProxies(networks: [network])
        let stranger = try LaneFixture(access: named, proxies: proxies).connect()
        try stranger.send(request)
        #expect(try stranger.statuses() == [])
        #expect(stranger.router.requests.count == 1)
        // Without a decision to take, a stranger gets what everybody gets.
        let open = try LaneFixture(proxies: proxies).connect()
        try open.send(request)
        #expect(try open.statuses() == ["200 OK"])
    }

    @Test("a page that was rendered before is answered, in the form that is at hand")
    func pages() throws {
        let fixture = try LaneFixture()
        let connection = try fixture.connect()
        let target = "\(Self.agents)?pageSize=2"
        try connection.send(Self.get(target))
        connection.router.answer()
        #expect(try connection.statuses() == ["202 Accepted"])
        let page = try fixture.renderPage(target)
        try connection.send(Self.get(target))
        let answer = try connection.received()
        #expect(answer.hasPrefix("HTTP/1.1 200 OK\r\n"))
        #expect(answer.hasSuffix("\r\n\r\n" + String(decoding: page.body, as: UTF8.self)))
        // Nobody has made that form yet.
        try connection.send(Self.get(target, "Accept-Encoding: gzip\r\n"))
        connection.router.answer()
        #expect(try connection.statuses() == ["202 Accepted"])
        for form in ["", "-gzip", "-zstd"] {
            let tag = "\(page.tag.description.dropLast())\(form)\""
            try connection.send(Self.get(target, "If-None-Match: \(tag)\r\n"))
            let known = try connection.received()
            #expect(known.hasPrefix("HTTP/1.1 304 Not Modified\r\n"))
            #expect(known.contains("\r\nETag: \(tag)\r\n") && known.hasSuffix("\r\n\r\n"))
        }
        try connection.send("HEAD \(target) HTTP/1.1\r\nHost: h\r\n\r\n")
        #expect(try connection.received().contains("\r\nContent-Length: \(page.body.count)\r\n"))
        for other in ["\(target)&", "\(target)&namespace=", "\(target)&n%61mespace=a"] {
            try connection.send(Self.get(other))
            connection.router.answer()
            #expect(try connection.statuses() == ["202 Accepted"])
        }
    }

    @Test("a tag that is known gets 304, HEAD gets no body")
    func conditions() throws {
        let connection = try LaneFixture().connect()
        try connection.send(Self.hit)
        let lines = try connection.received().split(separator: "\r\n")
        let tag = try #require(lines.first { $0.hasPrefix("ETag: ") }).dropFirst(6)
        try connection.send(Self.get("\(Self.agents)/one", "If-None-Match: \(tag)\r\n"))
        let known = try connection.received()
        #expect(known.hasPrefix("HTTP/1.1 304 Not Modified\r\n"))
        #expect(known.hasSuffix("\r\n\r\n"))
        #expect(!known.contains("Content-Length"))
        try connection.send(
            Self.get("\(Self.agents)/one", "If-None-Match: \"1-0000000000000000\"\r\n"))
        #expect(try connection.statuses() == ["200 OK"])
        try connection.send(
            Self.get("\(Self.agents)/one", "If-None-Match: \"8-0000000000000000\"\r\n"))
        #expect(try connection.statuses() == [])
        #expect(connection.router.requests.count == 1)
        let other = try LaneFixture().connect()
        try other.send("HEAD \(Self.agents)/one HTTP/1.1\r\nHost: h\r\n\r\n")
        let head = try other.received()
        #expect(head.contains("\r\nContent-Length: ") && head.hasSuffix("\r\n\r\n"))
    }

    @Test("answers come in the order of their requests")
    func order() throws {
        let connection = try LaneFixture().connect()
        try connection.send(Self.hit + Self.hit + Self.miss + Self.hit + Self.miss)
        #expect(try connection.statuses() == ["200 OK", "200 OK"])
        #expect(connection.router.requests.count == 3)
        // While the router owes answers, nothing overtakes them.
        try connection.send(Self.hit)
        #expect(try connection.statuses() == [])
        for _ in 0..<4 { connection.router.answer() }
        #expect(try connection.statuses() == Array(repeating: "202 Accepted", count: 4))
        try connection.send(Self.hit)
        #expect(try connection.statuses() == ["200 OK"])
        #expect(connection.router.requests.count == 4)
    }

    @Test("after a body the lane answers again")
    func bodies() throws {
        let connection = try LaneFixture().connect()
        let bodies = [
            "Content-Length: 5\r\n\r\nhello",
            "Transfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\n",
            "Content-Length: 0\r\n\r\n",
        ]
        for body in bodies {
            try connection.send("POST \(Self.agents) HTTP/1.1\r\nHost: h\r\n\(body)")
            connection.router.answer()
            #expect(try connection.statuses() == ["202 Accepted"])
            try connection.send(Self.hit)
            #expect(try connection.statuses() == ["200 OK"])
        }
        #expect(connection.router.requests.count == bodies.count)
    }

    @Test("a request that looks like one inside a body is none")
    func smuggledBody() throws {
        let connection = try LaneFixture().connect()
        let head = "POST \(Self.agents) HTTP/1.1\r\nHost: h\r\n"
        let length = Self.hit.utf8.count
        try connection.send("\(head)Content-Length: \(length)\r\n\r\n")
        // An answer ahead of the body must not turn the body into a request.
        connection.router.answer()
        try connection.send(Self.hit)
        connection.router.answer()
        #expect(try connection.statuses() == ["202 Accepted"])
        #expect(connection.router.requests.count == 1)
        try connection.send(Self.hit)
        #expect(try connection.statuses() == ["200 OK"])
    }

    @Test("every split of a stream gives the same answers", arguments: [LaneMode.bytes, .parts])
    func everySplit(mode: LaneMode) throws {
        let fixture = try LaneFixture(mode: mode)
        let post = "POST \(Self.agents) HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\n\r\nGET "
        let stream = Array((Self.hit + post + Self.miss + Self.hit).utf8)
        for split in 1..<stream.count {
            let connection = try fixture.connect()
            var answers: [String] = []
            for part in [stream[..<split], stream[split...]] {
                try connection.send(part)
                answers += try connection.statuses()
                connection.router.answer()
                connection.router.answer()
                answers += try connection.statuses()
            }
            connection.router.answer()
            answers += try connection.statuses()
            let accepted = answers.filter { $0 == "202 Accepted" }.count
            #expect(answers.first == "200 OK", "\(split)")
            #expect(answers.count == 4, "\(split): \(answers)")
            // The last one may find the router idle again.
            #expect(accepted == connection.router.requests.count, "\(split)")
            #expect(
                connection.router.requests.prefix(2) == [
                    "POST \(Self.agents)", "GET \(Self.agents)/nobody",
                ], "\(split)")
            #expect(connection.router.errors == 0, "\(split)")
        }
    }

    @Test("byte by byte the answers are the same")
    func byteByByte() throws {
        let connection = try LaneFixture().connect()
        for byte in (Self.hit + Self.hit).utf8 { try connection.send([byte]) }
        #expect(try connection.statuses() == ["200 OK", "200 OK"])
        #expect(connection.router.requests.isEmpty)
    }

    @Test("a corpus of attacks reaches the decoder and nothing else", arguments: Corpus.smuggling)
    func corpus(request: String) throws {
        let connection = try LaneFixture().connect()
        try connection.send(Self.hit + request)
        #expect(try connection.statuses().filter { $0 == "200 OK" }.count >= 1)
        // Whatever the decoder made of it, a request behind it is not taken out of turn.
        let before = connection.router.requests.count
        try connection.send(Self.hit)
        if before > 0 || connection.router.errors > 0 {
            #expect(try connection.statuses().filter { $0 == "200 OK" }.isEmpty)
        }
    }

    @Test("after the last request of a connection the lane is silent")
    func lastRequest() throws {
        let connection = try LaneFixture().connect()
        try connection.send(Self.get("\(Self.agents)/one", "Connection: close\r\n"))
        connection.router.answer()
        #expect(try connection.statuses() == ["202 Accepted"])
        try connection.send(Self.hit)
        #expect(try connection.statuses() == [])
    }

    @Test("what is to end is not answered by the lane any more")
    func quiesce() throws {
        let connection = try LaneFixture().connect()
        try connection.send(Self.hit)
        connection.channel.pipeline.fireUserInboundEventTriggered(ChannelShouldQuiesceEvent())
        try connection.send(Self.hit)
        #expect(try connection.statuses() == ["200 OK"])
        #expect(connection.router.requests.count == 1)
    }

    @Test("a client that does not read is left to the router")
    func notWritable() throws {
        let connection = try LaneFixture().connect()
        connection.channel.isWritable = false
        try connection.send(Self.hit)
        #expect(try connection.statuses() == [])
        #expect(connection.router.requests.count == 1)
    }

    @Test("an idle connection is closed, one that is served is not")
    func idleness() throws {
        let connection = try LaneFixture().connect()
        #expect(connection.channel.isActive)
        #expect(connection.front.connection.idleAction(now: LaneCore.now) != .close)
        let later = LaneCore.now + 61_000_000_000
        #expect(connection.front.connection.idleAction(now: later) == .close)
        try connection.send(Self.hit)
        #expect(connection.front.connection.lastActive > later - 61_000_000_000 - 1)
    }

    @Test("who may not read, or may be allowed to, is the router's")
    func access() throws {
        let access = HitAccess(leavesTokens: true) { user, groups, action, kind, namespace in
            guard user.count == 5, action == .get, namespace == .default else { return nil }
            return groups.count == 2
        }
        let connection = try LaneFixture(access: access).connect()
        try connection.send(
            Self.get("\(Self.agents)/one", "X-Remote-User: alice\r\nX-Remote-Group: g1\r\n"))
        #expect(try connection.statuses() == ["200 OK"])
        let left = [
            "", "X-Remote-User: alice\r\n", "X-Remote-User: bob\r\nX-Remote-Group: g1\r\n",
            "X-Remote-User: alice\r\nX-Remote-Group: g1\r\nAuthorization: Bearer x\r\n",
        ]
        for fields in left {
            try connection.send(Self.get("\(Self.agents)/one", fields))
            connection.router.answer()
            #expect(try connection.statuses() == ["202 Accepted"], "\(fields)")
        }
    }

    @Test("what the cache does not say for sure is left")
    func notSure() throws {
        let fixture = try LaneFixture()
        fixture.cache.freshness.revoke()
        let connection = try fixture.connect()
        try connection.send(Self.hit)
        connection.router.answer()
        #expect(try connection.statuses() == ["202 Accepted"])
        fixture.cache.freshness.prove(at: .now)
        try connection.send(Self.hit)
        #expect(try connection.statuses() == ["200 OK"])
        fixture.cache.suspend()
        try connection.send(Self.hit)
        connection.router.answer()
        #expect(try connection.statuses() == ["202 Accepted"])
        try connection.send(Self.get("/api/prompts_catalog/v1alpha1/prompttemplates/x"))
        #expect(connection.router.requests.count == 3)
    }
}
