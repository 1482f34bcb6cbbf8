import NIOCore

/// Lets the bytes that were read in front be the first that an adopted connection reads.
///
/// They go in before the event loop can read anything of the socket itself: in the same turn in
/// which the connection becomes active.
final class ReplayHandler: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer

    private let bytes: ByteBuffer
    private let slow: SlowSide

    init(bytes: ByteBuffer, slow: SlowSide) {
        self.bytes = bytes
        self.slow = slow
    }

    func channelActive(context: ChannelHandlerContext) {
        context.fireChannelActive()
        if slow.began(context.channel) {
            context.fireUserInboundEventTriggered(ChannelShouldQuiesceEvent())
        }
        if bytes.readableBytes > 0 {
            context.fireChannelRead(wrapInboundOut(bytes))
            context.fireChannelReadComplete()
        }
        context.pipeline.syncOperations.removeHandler(self, promise: nil)
    }
}
