import Testing

@testable import LoadModel

@Suite("Heads of answers")
struct ResponseHeadTests {
    private func read(_ text: String, wantsTag: Bool = true) -> ResponseHead.Outcome {
        ResponseHead.read(Array(text.utf8).span, wantsTag: wantsTag)
    }

    private let sample =
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\ncontent-length: 1024\r\n"
        + "X-Cache: HIT\r\nETag: \"a:b\"\r\n\r\n"

    @Test("what the generator needs is found, whatever the case of the names")
    func fields() {
        let outcome = read(sample + "{\"a\"")
        let head = ResponseHead(
            status: 200, contentLength: 1024, cache: .hit, entityTag: Array("\"a:b\"".utf8),
            closes: false)
        #expect(outcome == .head(head, bytes: sample.utf8.count))
    }

    @Test("every beginning of a head is incomplete")
    func splits() {
        let bytes = Array(sample.utf8)
        for length in 0..<bytes.count {
            let outcome = ResponseHead.read(Array(bytes[..<length]).span, wantsTag: true)
            #expect(outcome == .incomplete, "\(length)")
        }
    }

    @Test("304 has no body whatever the length says", arguments: [304, 204])
    func bodiless(status: Int) throws {
        let text = "HTTP/1.1 \(status) X\r\nContent-Length: 5\r\nConnection: close\r\n\r\n"
        guard case .head(let head, _) = read(text) else {
            Issue.record("not read")
            return
        }
        #expect(head.bodyBytes == 0)
        #expect(head.closes)
        #expect(head.cache == .unsaid)
    }

    @Test(
        "what it does not understand is malformed",
        arguments: [
            "HTTP/1.1 200 OK\r\n\r\n", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
            "HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n", "XTTP/1.1 200 OK\r\n",
            "HTTP/1.1 2x0 OK\r\nContent-Length: 1\r\n\r\n",
        ])
    func malformed(text: String) {
        #expect(read(text) == .malformed)
    }
}
