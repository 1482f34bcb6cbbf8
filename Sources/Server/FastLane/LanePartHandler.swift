import NIOCore
import NIOHTTP1

/// Sits behind the decoder: answers the hits that it decodes, and counts the requests that go on.
///
/// A hit is answered by the same code as one that arrives as bytes: from the head in plain form.
final class LanePartHandler: ChannelDuplexHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias InboundOut = HTTPServerRequestPart
    typealias OutboundIn = HTTPServerResponsePart
    typealias OutboundOut = HTTPServerResponsePart

    private let front: LaneFrontHandler
    private var text: [UInt8] = []
    /// Whether the request whose end is still to come has been answered here.
    private var isAnswered = false

    init(front: LaneFrontHandler) {
        self.front = front
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let now = LaneCore.now
        switch unwrapInboundIn(data) {
        case .head(let head):
            isAnswered =
                front.connection.mayAnswerPart && LaneHeadText.write(head, into: &text)
                && front.answer(decoded: text)
            front.connection.sawHead(
                isAnswered: isAnswered, isLast: LaneHeadText.isLast(head), now: now)
            if isAnswered { return }
        case .body:
            front.connection.sawBody(now: now)
        case .end:
            front.connection.sawEnd(now: now)
            if isAnswered {
                isAnswered = false
                return
            }
        }
        context.fireChannelRead(data)
    }

    func write(
        context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?
    ) {
        if case .end = unwrapOutboundIn(data) {
            front.connection.routerAnswered(now: LaneCore.now)
        }
        context.write(data, promise: promise)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        front.connection.surrender()
        context.fireErrorCaught(error)
    }
}

/// The plain form of a decoded head.
enum LaneHeadText {
    private static let get = Array("GET ".utf8)
    private static let head = Array("HEAD ".utf8)
    private static let version = Array(" HTTP/1.1\r\n".utf8)

    /// Whether the connection ends or changes its protocol with this request.
    static func isLast(_ head: HTTPRequestHead) -> Bool {
        head.version != .http1_1 || head.method == .CONNECT
            || head.headers.contains { name, _ in
                name.lowercased() == "connection" || name.lowercased() == "upgrade"
            }
    }

    /// Writes the head as a client would have sent it; false for one that the lane never answers.
    static func write(_ decoded: HTTPRequestHead, into text: inout [UInt8]) -> Bool {
        guard decoded.version == .http1_1 else { return false }
        text.removeAll(keepingCapacity: true)
        switch decoded.method {
        case .GET: text += get
        case .HEAD: text += head
        default: return false
        }
        guard decoded.uri.utf8.count <= LaneLimits.targetBytes else { return false }
        text.append(contentsOf: decoded.uri.utf8)
        text += version
        for (name, value) in decoded.headers {
            guard text.count <= LaneLimits.headBytes else { return false }
            text.append(contentsOf: name.utf8)
            text.append(UInt8(ascii: ":"))
            text.append(UInt8(ascii: " "))
            text.append(contentsOf: value.utf8)
            text.append(UInt8(ascii: "\r"))
            text.append(UInt8(ascii: "\n"))
        }
        text.append(UInt8(ascii: "\r"))
        text.append(UInt8(ascii: "\n"))
        return true
    }
}
