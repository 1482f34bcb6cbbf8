import NIOCore
import NIOHTTP1

/// Says `100 Continue` to a client of HTTP/1.1 that waits for it, once somebody reads its body.
///
/// So a request that is refused by its head, because of its caller, its size or its path, costs no
/// body. The rules are those of `BodyInvitation`.
final class ExpectationHandler: ChannelDuplexHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias InboundOut = HTTPServerRequestPart
    typealias OutboundIn = HTTPServerResponsePart
    typealias OutboundOut = HTTPServerResponsePart

    /// Comes from whoever is about to read the body of the request that is being answered.
    struct BodyIsWanted: Sendable {}

    private var invitation = BodyInvitation()

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head): invitation.received(Self.expectation(of: head))
        case .body, .end: invitation.receivedBody()
        }
        context.fireChannelRead(data)
    }

    /// A client of HTTP/1.0 does not know the answer.
    private static func expectation(of head: HTTPRequestHead) -> Expectation {
        guard head.version == .http1_1, head.headers.contains(name: "expect") else {
            return .nothing
        }
        return Expectation(head.headers["expect"].joined(separator: ","))
    }

    func triggerUserOutboundEvent(
        context: ChannelHandlerContext, event: Any, promise: EventLoopPromise<Void>?
    ) {
        guard event is BodyIsWanted else {
            return context.triggerUserOutboundEvent(event, promise: promise)
        }
        if invitation.wanted() {
            let head = HTTPResponseHead(version: .http1_1, status: .continue)
            context.writeAndFlush(wrapOutboundOut(.head(head)), promise: nil)
        }
        promise?.succeed()
    }

    func write(
        context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?
    ) {
        switch unwrapOutboundIn(data) {
        case .head(let head) where head.status.code >= 200 && invitation.answers():
            context.triggerUserOutboundEvent(DrainHandler.EndWithAnswer(), promise: nil)
        case .end: invitation.answered()
        case .head, .body: break
        }
        context.write(data, promise: promise)
    }
}
