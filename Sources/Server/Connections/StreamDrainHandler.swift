import NIOCore
import NIOHTTPTypes

/// Keeps from a stream of HTTP/2 that the server stops.
///
/// The connection ends when its streams have; one that is told would close as soon as its answer is
/// written, and reset what still waits for the client's window.
final class StreamDrainHandler: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPRequestPart
    typealias InboundOut = HTTPRequestPart

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if !(event is ChannelShouldQuiesceEvent) { context.fireUserInboundEventTriggered(event) }
    }
}
