import NIOCore
import NIOTLS

/// Stands behind TLS: bounds the handshake, and keeps what nobody behind it could.
///
/// While the handshake runs nobody hears that the server stops, so it is told again afterwards: the
/// first request may already be on its way. A connection of HTTP/2 does not close at once: whoever
/// ends it does so upon a frame, while answers to earlier frames of the same read still wait to be
/// flushed, and clients have to read which streams are not served before they see the end. And one
/// that carries nothing is closed, as an idle one otherwise waits for its client to agree.
final class SecureFrontHandler: ChannelDuplexHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer
    typealias OutboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    /// How long something may take.
    struct Times {
        var handshake = ServerLimits.handshakeTimeout
        var linger = ServerLimits.drainLinger
        var quiet = ServerLimits.quietTimeout
    }

    private let times: Times
    private var isSecured = false
    private var isHTTP2 = false
    private var isStopping = false
    private var isClosing = false
    private var lastActive = NIODeadline.uptimeNanoseconds(0)
    private var timer: Scheduled<Void>?

    init(times: Times = Times()) { self.times = times }

    func handlerAdded(context: ChannelHandlerContext) {
        schedule(after: TimeAmount(times.handshake), context) { $0.close(promise: nil) }
    }

    func handlerRemoved(context: ChannelHandlerContext) { timer?.cancel() }

    func channelInactive(context: ChannelHandlerContext) {
        timer?.cancel()
        context.fireChannelInactive()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        if isHTTP2 { lastActive = context.eventLoop.now }
        context.fireChannelRead(data)
    }

    func write(
        context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?
    ) {
        if isHTTP2 { lastActive = context.eventLoop.now }
        context.write(data, promise: promise)
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
        timer?.cancel()
        isSecured = true
        if name == "h2" {
            isHTTP2 = true
            lastActive = context.eventLoop.now
            watch(context)
        }
        if isStopping { context.fireUserInboundEventTriggered(ChannelShouldQuiesceEvent()) }
    }

    func close(
        context: ChannelHandlerContext, mode: CloseMode, promise: EventLoopPromise<Void>?
    ) {
        guard isHTTP2, mode == .all, context.channel.isActive else {
            return context.close(mode: mode, promise: promise)
        }
        if let promise { context.channel.closeFuture.cascade(to: promise) }
        guard !isClosing else { return }
        isClosing = true
        schedule(after: TimeAmount(times.linger), context) { $0.close(promise: nil) }
    }

    private func watch(_ context: ChannelHandlerContext) {
        let left = lastActive + TimeAmount(times.quiet) - context.eventLoop.now
        guard left > .zero else { return context.close(promise: nil) }
        schedule(after: left, context) { [self] in watch($0) }
    }

    private func schedule(
        after delay: TimeAmount, _ context: ChannelHandlerContext,
        _ body: @escaping (ChannelHandlerContext) -> Void
    ) {
        timer?.cancel()
        timer = context.eventLoop.assumeIsolated().scheduleTask(in: delay) { body(context) }
    }
}
