import CatalogModel
import ReadPath
import Sockets
import Testing

@testable import Server

@Suite("The order of a connection")
struct ConnectionTests {
    private func fresh() -> LaneConnection { LaneConnection(idleNanoseconds: 100, now: 0) }

    @Test("the lane answers until something is handed on, and again after it was answered")
    func boundary() {
        var connection = fresh()
        #expect(connection.isAtBoundary)
        connection.handsOn()
        #expect(!connection.isAtBoundary)
        connection.sawHead(isAnswered: false, isLast: false, now: 1)
        connection.handsOn()
        connection.sawEnd(now: 2)
        #expect(!connection.isAtBoundary && !connection.mayAnswerPart)
        connection.routerAnswered(now: 3)
        #expect(connection.isAtBoundary && connection.mayAnswerPart)
    }

    @Test("an answer that comes before the last byte leaves the decoder's bytes unknown")
    func bytesBehind() {
        var connection = fresh()
        connection.handsOn()
        connection.sawHead(isAnswered: false, isLast: false, now: 1)
        connection.sawEnd(now: 1)
        // The last byte of what was read belongs to the next request.
        connection.handsOn()
        connection.routerAnswered(now: 2)
        #expect(!connection.isAtBoundary)
        #expect(connection.mayAnswerPart)
    }

    @Test("an early answer does not end the request")
    func earlyAnswer() {
        var connection = fresh()
        connection.handsOn()
        connection.sawHead(isAnswered: false, isLast: false, now: 1)
        connection.routerAnswered(now: 2)
        #expect(!connection.isAtBoundary)
        connection.handsOn()
        connection.sawEnd(now: 3)
        #expect(connection.isAtBoundary)
    }

    @Test("the last request of a connection and an error end the lane")
    func surrender() {
        var last = fresh()
        last.handsOn()
        last.sawHead(isAnswered: false, isLast: true, now: 1)
        last.sawEnd(now: 1)
        last.routerAnswered(now: 1)
        #expect(!last.isAtBoundary && !last.mayAnswerPart)
        var broken = fresh()
        broken.surrender()
        #expect(!broken.isAtBoundary)
    }

    @Test("a connection is idle when nothing came for the time, unless the router is busy")
    func idleness() {
        var connection = fresh()
        #expect(connection.idleAction(now: 40) == .check(afterNanoseconds: 60))
        connection.answered(now: 50)
        #expect(connection.idleAction(now: 149) == .check(afterNanoseconds: 1))
        #expect(connection.idleAction(now: 150) == .close)
        connection.handsOn()
        connection.sawHead(isAnswered: false, isLast: false, now: 160)
        // The body does not come.
        #expect(connection.idleAction(now: 300) == .close)
        connection.sawEnd(now: 170)
        #expect(connection.idleAction(now: 1_000) == .check(afterNanoseconds: 100))
        connection.routerAnswered(now: 1_000)
        #expect(connection.idleAction(now: 1_050) == .check(afterNanoseconds: 50))
        #expect(connection.idleAction(now: 1_100) == .close)
    }
}

@Suite("The pieces of the lane")
struct PiecesTests {
    private func tag(_ text: String) -> EntityTag? {
        let bytes = Array(text.utf8)
        return LaneCondition.tag(bytes.span)
    }

    @Test("a tag that the lane reads is read alike by the router")
    func tags() {
        for text in [
            "\"1-dd40626401a251a6\"", "\"0-0000000000000000\"",
            "\"18446744073709551615-ffffffffffffffff\"",
        ] {
            #expect(tag(text) == EntityTag(text))
            #expect(tag(text) != nil)
            #expect(tag(text)?.description == text)
        }
        for text in [
            "*", "", "\"\"", "W/\"1-dd40626401a251a6\"", "\"1-DD40626401A251A6\"",
            "\"01-dd40626401a251a6\"", "\"-dd40626401a251a6\"", "\"1-dd40626401a251a\"",
            "\"1-dd40626401a251a6\", \"2-dd40626401a251a6\"", "\"+1-dd40626401a251a6\"",
            "\"18446744073709551616-ffffffffffffffff\"", "\"1-dd40626401a251ag\"",
        ] {
            #expect(tag(text) == nil, "\(text)")
        }
    }

    @Test("dates have the form of the standard")
    func dates() {
        func date(_ seconds: Int) -> String {
            String(decoding: LaneDate.text(seconds: seconds), as: UTF8.self)
        }
        #expect(date(0) == "Thu, 01 Jan 1970 00:00:00 GMT")
        #expect(date(784_111_777) == "Sun, 06 Nov 1994 08:49:37 GMT")
        #expect(date(951_782_399) == "Mon, 28 Feb 2000 23:59:59 GMT")
        #expect(date(951_782_400) == "Tue, 29 Feb 2000 00:00:00 GMT")
        #expect(date(4_107_542_400) == "Mon, 01 Mar 2100 00:00:00 GMT")
    }

    private func text(_ buffer: borrowing SendBuffer) -> String {
        let bytes = buffer.bytes
        return String(decoding: bytes.indices.map { bytes[$0] }, as: UTF8.self)
    }

    @Test("answers gather in order, and a part is taken back")
    func gathering() {
        var buffer = SendBuffer(capacity: 2)
        #expect(text(buffer) == "")
        let word = Array("answers".utf8)
        for _ in 0..<300 { buffer.append(word.span) }
        buffer.append([UInt8]())
        #expect(buffer.count == 2_100)
        #expect(text(buffer) == String(repeating: "answers", count: 300))
        buffer.truncate(to: 9)
        buffer.append(UInt8(ascii: "."))
        #expect(text(buffer) == "answersan.")
        buffer.clear(keeping: 4)
        #expect(buffer.count == 0)
        buffer.append(word.span)
        #expect(text(buffer) == "answers")
    }

    @Test("the digits of an id are those of its number")
    func ids() {
        var ids = RequestIDs()
        for _ in 0..<10 {
            var buffer = SendBuffer(capacity: 16)
            buffer.append(hex: ids.advance())
            ids.render()
            #expect(text(buffer) == String(decoding: ids.text, as: UTF8.self))
        }
    }

    @Test("numbers are written as text is")
    func numbers() {
        for number: UInt64 in [0, 1, 9, 10, 99, 100, 1_234_567, .max] {
            var buffer = SendBuffer(capacity: 1)
            buffer.append(UInt8(ascii: "#"))
            buffer.append(decimal: number)
            #expect(text(buffer) == "#\(number)")
            buffer.append(hex: number)
            let digits = String(number, radix: 16)
            let zeros = String(repeating: "0", count: 16 - digits.count)
            #expect(text(buffer) == "#\(number)\(zeros)\(digits)")
        }
    }

    @Test(
        "paths and parameters",
        arguments: [
            ("agents/a", "a", "", ""), ("agents/a/b", "a/b", "", ""),
            ("agents/a?source=s", "a", "s", ""),
            ("agents/a?namespace=n&source=s", "a", "s", "n"),
            ("agents/", nil, "", ""), ("agentsx/a", nil, "", ""),
            ("agents/a?explain=true", nil, "", ""), ("agents/a?source=", nil, "", ""),
            ("agents/a?source", nil, "", ""), ("agents/a?source=s&source=t", nil, "", ""),
            ("agents/a?source=s&", nil, "", ""), ("agents/a?&source=s", nil, "", ""),
            ("agents/x/artifacts", nil, "", ""), ("management/a", nil, "", ""),
        ] as [(String, String?, String, String)])
    func routes(target: String, name: String?, source: String, namespace: String) {
        let routes = LaneRoutes(kinds: LaneFixture.kinds)
        let bytes = Array(
            "GET /api/agents_catalog/v1alpha1/\(target) HTTP/1.1\r\nHost: h\r\n\r\n".utf8)
        func text(_ range: Range<Int>) -> String { String(decoding: bytes[range], as: UTF8.self) }
        guard let request = LaneRecogniser().request(in: bytes.span, from: 0) else {
            Issue.record("not recognised")
            return
        }
        let found = routes.target(of: request, in: bytes.span)
        #expect(found.map { text($0.name) } == name)
        if let found {
            #expect(text(found.source) == source)
            #expect(text(found.namespace) == namespace)
        }
    }
}
