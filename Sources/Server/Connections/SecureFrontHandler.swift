import NIOCore
import NIOTLS

/// Stands behind TLS: bounds the handshake, and keeps what nobody behind it could.
///
/// While the handshake runs nobody hears that the server stops, so it is told again afterwards: the
/// first request may already be on its way. And a connection of HTTP/2 does not close at once: whoever
/// ends it does so upon a frame, while answers to earlier frames of the same read still wait to be
/// flushed, and clients have to read which streams are not served before they see the end.
final class SecureFrontHandler: ChannelDuplexHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer
    typealias OutboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let timeout: Duration
    private let linger: Duration
    private var isSecured = false
    private var isHTTP2 = false
    private var isStopping = false
    private var deadline: Scheduled<Void>?

    init(
        handshakeTimeout: Duration = ServerLimits.handshakeTimeout,
        linger: Duration = ServerLimits.drainLinger
    ) {
        timeout = handshakeTimeout
        self.linger = linger
    }

    func handlerAdded(context: ChannelHandlerContext) {
        deadline = context.eventLoop.assumeIsolated().scheduleTask(in: TimeAmount(timeout)) {
            context.close(promise: nil)
        }
    }

    func handlerRemoved(context: ChannelHandlerContext) { deadline?.cancel() }

    func channelInactive(context: ChannelHandlerContext) {
        deadline?.cancel()
        context.fireChannelInactive()
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if event is ChannelShouldQuiesceEvent, !isSecured {
            isStopping = true
            return
        }
        context.fireUserInboundEventTriggered(event)
        guard let event = event as? TLSUserEvent, case .handshakeCompleted(let name) = event else {
            return
        }
        isSecured = true
        isHTTP2 = name == "h2"
        deadline?.cancel()
        if isStopping { context.fireUserInboundEventTriggered(ChannelShouldQuiesceEvent()) }
    }

    func close(
        context: ChannelHandlerContext, mode: CloseMode, promise: EventLoopPromise<Void>?
    ) {
        guard isHTTP2, mode == .all, context.channel.isActive else {
            return context.close(mode: mode, promise: promise)
        }
        deadline?.cancel()
        deadline = context.eventLoop.assumeIsolated().scheduleTask(in: TimeAmount(linger)) {
            context.close(promise: promise)
        }
    }
}
