import NIOCore
import NIOHTTP1

/// Ends a connection of HTTP/1.1 when the server stops, by the rules of `ConnectionDrain`.
///
/// It also ends one whose client may or may not send the body of a request that has been answered.
///
/// Hummingbird's handler, which lies behind, would close a connection without a request at once, and
/// with it a request that is on its way; it does not hear that the server stops.
final class DrainHandler: ChannelDuplexHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias InboundOut = HTTPServerRequestPart
    typealias OutboundIn = HTTPServerResponsePart
    typealias OutboundOut = HTTPServerResponsePart

    /// Asks for the end of the connection, with the answer whose head is written next.
    struct EndWithAnswer: Sendable {}

    private let grace: Duration
    private let linger: Duration
    private var drain = ConnectionDrain()
    private var timer: Scheduled<Void>?

    init(grace: Duration = ServerLimits.drainGrace, linger: Duration = ServerLimits.drainLinger) {
        self.grace = grace
        self.linger = linger
    }

    func handlerRemoved(context: ChannelHandlerContext) { timer?.cancel() }

    func channelInactive(context: ChannelHandlerContext) {
        timer?.cancel()
        context.fireChannelInactive()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        if case .head = unwrapInboundIn(data) { drain.received() }
        if !drain.isDeaf { context.fireChannelRead(data) }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        guard event is ChannelShouldQuiesceEvent else {
            return context.fireUserInboundEventTriggered(event)
        }
        perform(drain.begin(), context)
    }

    func triggerUserOutboundEvent(
        context: ChannelHandlerContext, event: Any, promise: EventLoopPromise<Void>?
    ) {
        guard event is EndWithAnswer else {
            return context.triggerUserOutboundEvent(event, promise: promise)
        }
        perform(drain.begin(), context)
        promise?.succeed()
    }

    func write(
        context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?
    ) {
        switch unwrapOutboundIn(data) {
        case .head(var head) where head.status.code >= 200 && drain.announces():
            head.headers.replaceOrAdd(name: "Connection", value: "close")
            context.write(wrapOutboundOut(.head(head)), promise: promise)
        case .end:
            context.write(data, promise: promise)
            perform(drain.answered(), context)
        case .head, .body:
            context.write(data, promise: promise)
        }
    }

    private func perform(_ step: ConnectionDrain.Step, _ context: ChannelHandlerContext) {
        switch step {
        case .goOn: break
        case .wait:
            schedule(after: grace, context) { handler, context in
                handler.perform(handler.drain.waited(), context)
            }
        case .end:
            context.flush()
            // Closed both ways while bytes of the client lie unread, the connection would be reset,
            // and what was answered last would be lost on its way.
            context.close(mode: .output, promise: nil)
            schedule(after: linger, context) { _, context in context.close(promise: nil) }
        }
    }

    private func schedule(
        after delay: Duration, _ context: ChannelHandlerContext,
        _ body: @escaping (DrainHandler, ChannelHandlerContext) -> Void
    ) {
        timer?.cancel()
        timer = context.eventLoop.assumeIsolated().scheduleTask(in: TimeAmount(delay)) {
            [self] in
            body(self, context)
        }
    }
}
