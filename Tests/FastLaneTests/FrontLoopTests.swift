import CatalogModel
import Foundation
import ReadPath
import TestSupport
import Testing

@testable import Server

@Suite("The loops in front", .timeLimit(.minutes(3)))
struct FrontLoopTests {
    /// Takes answers until the one with an id has come whole; hits end in a newline, others empty.
    private func take(_ id: Int, _ connection: RawConnection) async throws -> Bool {
        try await connection.take { bytes in
            guard bytes.last == 10 else { return false }
            let text = String(decoding: bytes.suffix(4_096), as: UTF8.self)
            guard let found = text.range(of: "X-Request-ID: n\(id);") else { return false }
            return text[found.upperBound...].contains("\r\n\r\n")
        }
    }

    @Test("every split of a stream gives the same answers in the same order")
    func everySplit() async throws {
        let front = try await FrontFixture(try LaneFixture())
        let first = Numbered.hit(1).utf8.count
        let stream = Array(
            (Numbered.hit(1) + Numbered.post(2, "GET ") + Numbered.miss(3) + Numbered.hit(4)).utf8)
        for split in 1..<stream.count {
            let before = front.lent
            let connection = try await RawConnection(port: front.client.port)
            try await connection.send(stream[..<split])
            // Both sides have seen the first part for itself.
            if split >= first { #expect(try await take(1, connection)) }
            if split != first { try await front.eventually("the loan") { front.lent > before } }
            try await connection.send(stream[split...])
            #expect(try await take(4, connection), "\(split)")
            #expect(Numbered.ids(connection.text) == [1, 2, 3, 4], "\(split)")
            let statuses = Numbered.statuses(connection.text)
            #expect(statuses.prefix(3) == [200, 202, 202], "\(split)")
            // The last one may find the router idle again.
            #expect(statuses.count == 4 && [200, 202].contains(statuses[3]), "\(split)")
            #expect(front.lent == before + 1, "\(split)")
        }
    }

    @Test("byte by byte the answers are the same")
    func byteByByte() async throws {
        let front = try await FrontFixture(try LaneFixture())
        let connection = try await RawConnection(port: front.client.port)
        for byte in (Numbered.hit(1) + Numbered.miss(2) + Numbered.hit(3)).utf8 {
            try await connection.send([byte])
        }
        #expect(try await take(3, connection))
        #expect(Numbered.ids(connection.text) == [1, 2, 3])
    }

    @Test("a connection that was lent comes back after some hits, as often as it is lent")
    func comesBack() async throws {
        let front = try await FrontFixture(try LaneFixture())
        let connection = try await front.client.connect()
        let path = "/api/agents_catalog/v1alpha1/agents"
        for round in 1...50 {
            #expect(try await connection.get("\(path)/nobody").status == 202)
            #expect(front.lent == round)
            for _ in 0..<FrontLimits.hitsBeforeReturn {
                #expect(front.returned == round - 1)
                #expect(try await connection.get("\(path)/one").status == 200)
            }
            try await front.eventually("the return") { front.returned == round }
            #expect(try await connection.get("\(path)/one").status == 200)
            #expect(front.lent == round)
        }
    }

    @Test("hits around misses, all at once, are answered in their order")
    func mixed() async throws {
        let front = try await FrontFixture(try LaneFixture())
        var random = SeededGenerator(seed: 7)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<6 {
                let stream = (1...600).map { id in
                    random.next() % 40 == 0 ? Numbered.miss(id) : Numbered.hit(id)
                }
                let cuts = (0..<80).map { _ in 1 + Int(random.next() % 700) }
                let port = front.client.port
                group.addTask {
                    let connection = try await RawConnection(port: port)
                    var rest = Array(stream.joined().utf8)[...]
                    for cut in cuts {
                        try await connection.send(rest.prefix(cut))
                        rest = rest.dropFirst(cut)
                    }
                    try await connection.send(rest)
                    connection.finishWriting()
                    #expect(try await connection.take { _ in false } == false)
                    #expect(Numbered.ids(connection.text) == Array(1...600))
                }
            }
            try await group.waitForAll()
        }
    }

    @Test("a client that does not read holds nobody up, and gets everything when it reads")
    func slowReader() async throws {
        let front = try await FrontFixture(try LaneFixture())
        let count = 4_000
        let slow = try await RawConnection(port: front.client.port, window: 4_096)
        let stream = (1...count).map { Numbered.hit($0) }.joined()
        let sending = Task { try await slow.send(stream.utf8) }
        try await front.eventually("the first answers") { front.hits > 50 }
        let other = try await front.client.connect()
        for _ in 0..<200 {
            #expect(try await other.get("/api/agents_catalog/v1alpha1/agents/one").status == 200)
        }
        #expect(front.hits < count)
        #expect(try await take(count, slow))
        try await sending.value
        #expect(Numbered.ids(slow.text) == Array(1...count))
        #expect(Numbered.statuses(slow.text) == Array(repeating: 200, count: count))
    }

    @Test("pages that the client reads in parts arrive whole")
    func slowPages() async throws {
        let fixture = try LaneFixture()
        let target = "/api/agents_catalog/v1alpha1/agents?pageSize=4"
        let page = String(decoding: try fixture.renderPage(target).body, as: UTF8.self)
        #expect(page.utf8.count > LaneLimits.copiedPageBytes, "it is sent as it lies")
        let front = try await FrontFixture(fixture, sendBufferBytes: 32 << 10)
        let count = 600
        let slow = try await RawConnection(port: front.client.port, window: 4_096)
        let stream = (1...count).map { id in
            "GET \(target) HTTP/1.1\r\nHost: h\r\nX-Request-ID: n\(id);\r\n\r\n"
        }.joined()
        let sending = Task { try await slow.send(stream.utf8) }
        try await front.eventually("the first answers") { front.hits > 5 }
        #expect(front.hits < count)
        let last = Array("X-Request-ID: n\(count);".utf8)
        let isWhole = try await slow.take { bytes in
            let end = bytes.suffix(2 * page.utf8.count)
            return bytes.last == 10 && end.firstRange(of: last) != nil
                && end.suffix(page.utf8.count).elementsEqual(page.utf8)
        }
        #expect(isWhole)
        try await sending.value
        #expect(front.lent == 0)
        #expect(Numbered.ids(slow.text) == Array(1...count))
        // Between the pages there is nothing but heads.
        let heads = slow.text.components(separatedBy: page)
        #expect(heads.count == count + 1)
        #expect(
            heads.dropLast().allSatisfy {
                $0.hasPrefix("HTTP/1.1 200 ") && $0.hasSuffix("\r\n\r\n")
            })
    }

    @Test("an answer that was begun and given up is not sent")
    func givenUp() async throws {
        let front = try await FrontFixture(try LaneFixture())
        let connection = try await RawConnection(port: front.client.port)
        // The first of two sources is found and written before the second one is.
        let rival = "GET /api/model_catalog/v1alpha1/models/org/m HTTP/1.1\r\nHost: h\r\n"
        try await connection.send((rival + "X-Request-ID: n1;\r\n\r\n").utf8)
        #expect(try await take(1, connection))
        try await connection.send(Numbered.hit(2).utf8)
        #expect(try await take(2, connection))
        #expect(Numbered.statuses(connection.text) == [202, 200])
        #expect(Numbered.ids(connection.text) == [1, 2])
    }

    @Test("an idle connection is closed, also one with the beginning of a request")
    func idle() async throws {
        let front = try await FrontFixture(try LaneFixture(), idleTimeout: .milliseconds(200))
        let served = try await RawConnection(port: front.client.port)
        try await served.send(Numbered.hit(1).utf8)
        let begun = try await RawConnection(port: front.client.port)
        try await begun.send("GET /api".utf8)
        let silent = try await RawConnection(port: front.client.port)
        for connection in [served, begun, silent] {
            #expect(try await connection.take { _ in false } == false)
        }
        #expect(Numbered.ids(served.text) == [1])
    }

    @Test("a server that stops answers what is on its way, says so, and ends")
    func stop() async throws {
        let front = try await FrontFixture(try LaneFixture())
        let (kept, away) = (
            try await RawConnection(port: front.client.port),
            try await RawConnection(port: front.client.port)
        )
        let silent = try await RawConnection(port: front.client.port)
        try await kept.send(Numbered.hit(1).utf8)
        try await away.send(Numbered.miss(1).utf8)
        for connection in [kept, away] { #expect(try await take(1, connection)) }
        await front.stop()
        // Once nobody is let in any more, every loop knows that it stops.
        let patience = ContinuousClock.now + .seconds(10)
        while (try? await front.client.connect()) != nil {
            try #require(ContinuousClock.now < patience, "the door stays open")
        }
        for connection in [kept, away] { try await connection.send(Numbered.hit(2).utf8) }
        for connection in [kept, away] {
            #expect(try await connection.take { _ in false } == false)
            #expect(Numbered.ids(connection.text) == [1, 2])
            #expect(connection.text.components(separatedBy: "Connection: close").count == 2)
        }
        #expect(try await silent.take { _ in false } == false)
        try await front.end()
    }

    @Test(
        "identity headers count by the address of the peer",
        arguments: ["127.0.0.0/8", "10.0.0.0/8"])
    func peers(network: String) async throws {
        let named = HitAccess(leavesTokens: false) { user, _, _, _, _ in user.count > 0 }
        let proxies = TrustedProxies(networks: [try #require(.init(network))])
        let front = try await FrontFixture(try LaneFixture(access: named, proxies: proxies))
        let connection = try await RawConnection(port: front.client.port)
        try await connection.send(Numbered.hit(1, "X-Remote-User: alice\r\n").utf8)
        #expect(try await take(1, connection))
        #expect(Numbered.statuses(connection.text) == [network.hasPrefix("127") ? 200 : 202])
    }
}
