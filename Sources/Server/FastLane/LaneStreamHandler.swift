import HTTPTypes
import NIOCore
import NIOHTTPTypes
import Telemetry

/// Answers hits on a stream of HTTP/2, in front of the router.
///
/// A stream is one request, so order and idleness are no concern of the lane here. The head waits
/// for what comes with it: only a request that ends with its head is a hit.
final class LaneStreamHandler: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPRequestPart
    typealias InboundOut = HTTPRequestPart
    typealias OutboundOut = HTTPResponsePart

    private let lane: FastLane
    private var head: HTTPRequest?

    init(lane: FastLane) { self.lane = lane }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head):
            self.head = head
        case .end(nil):
            if let head, answer(head, context) {
                self.head = nil
                return
            }
            handOn(context)
            context.fireChannelRead(data)
        case .body, .end:
            handOn(context)
            context.fireChannelRead(data)
        }
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        handOn(context)
        context.fireChannelReadComplete()
    }

    private func handOn(_ context: ChannelHandlerContext) {
        guard let head else { return }
        self.head = nil
        context.fireChannelRead(wrapInboundOut(.head(head)))
    }

    private func answer(_ request: HTTPRequest, _ context: ChannelHandlerContext) -> Bool {
        var text: [UInt8] = []
        guard LaneHeadText.write(request, into: &text) else { return false }
        let loop = lane.state(on: context.eventLoop)
        let began = LaneCore.now
        loop.core.beginOutput()
        let isTrusted = lane.identities.honoursHeaders(of: context.channel.remoteAddress)
        guard loop.core.answer(text.span, from: 0, isTrusted: isTrusted, began: began) != nil
        else { return false }
        var output = loop.takeOutput()
        guard let response = LaneAnswer.readHead(from: &output) else { return false }
        lane.answeredParts.increment()
        context.write(wrapOutboundOut(.head(response)), promise: nil)
        let body = loop.core.body ?? output
        if body.readableBytes > 0 { context.write(wrapOutboundOut(.body(body)), promise: nil) }
        context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
        return true
    }
}

extension LaneHeadText {
    /// Writes the head as a client of HTTP/1.1 would have sent it; false for one that the lane never
    /// answers.
    static func write(_ request: HTTPRequest, into text: inout [UInt8]) -> Bool {
        guard request.method == .get || request.method == .head, let path = request.path,
            let host = request.authority, path.utf8.count <= LaneLimits.targetBytes,
            host.utf8.count <= LaneLimits.headBytes
        else { return false }
        text.append(contentsOf: request.method.rawValue.utf8)
        text.append(UInt8(ascii: " "))
        text.append(contentsOf: path.utf8)
        text.append(contentsOf: " HTTP/1.1\r\nHost: ".utf8)
        text.append(contentsOf: host.utf8)
        for field in request.headerFields {
            guard text.count <= LaneLimits.headBytes else { return false }
            text.append(contentsOf: "\r\n".utf8)
            text.append(contentsOf: field.name.rawName.utf8)
            text.append(contentsOf: ": ".utf8)
            text.append(contentsOf: field.value.utf8)
        }
        text.append(contentsOf: "\r\n\r\n".utf8)
        return true
    }
}

/// Reads the head of an answer that the lane has written for HTTP/1.1.
enum LaneAnswer {
    private static let statusStart = "HTTP/1.1 ".utf8.count

    /// Takes the head away from what was written; nil for what is no answer of the lane.
    static func readHead(from output: inout ByteBuffer) -> HTTPResponse? {
        guard let line = readLine(from: &output),
            let status = Int(line.dropFirst(statusStart).prefix(3))
        else { return nil }
        var response = HTTPResponse(status: .init(code: status))
        while let line = readLine(from: &output) {
            if line.isEmpty { return response }
            guard let colon = line.firstIndex(of: ":"),
                let name = HTTPField.Name(String(line[..<colon]))
            else { return nil }
            let value = line[line.index(after: colon)...].drop { $0 == " " }
            response.headerFields.append(HTTPField(name: name, value: String(value)))
        }
        return nil
    }

    private static func readLine(from output: inout ByteBuffer) -> String? {
        let bytes = output.readableBytesView
        guard let end = bytes.firstIndex(of: UInt8(ascii: "\n")),
            let line = output.readString(length: end - bytes.startIndex + 1)
        else { return nil }
        return String(line.dropLast())
    }
}
