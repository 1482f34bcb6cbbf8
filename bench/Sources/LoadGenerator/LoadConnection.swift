import LoadModel
import NIOCore

/// One keep-alive connection with at most one request under way.
final class LoadConnection: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private(set) var pending: PendingRequest?
    private let stream: LoadStream
    private var context: ChannelHandlerContext?
    /// Bytes of a head that is not complete.
    private var unread: ByteBuffer?
    private var head: ResponseHead?
    private var bodyLeft = 0

    init(stream: LoadStream) {
        self.stream = stream
    }

    func send(_ bytes: [UInt8], _ request: PendingRequest) {
        guard let context else { return stream.closed(self, request) }
        pending = request
        context.writeAndFlush(
            wrapOutboundOut(context.channel.allocator.buffer(bytes: bytes)), promise: nil)
    }

    func close() {
        context?.close(promise: nil)
    }

    func channelActive(context: ChannelHandlerContext) {
        self.context = context
        stream.opened(self)
    }

    func channelInactive(context: ChannelHandlerContext) {
        self.context = nil
        let lost = pending
        pending = nil
        stream.closed(self, lost)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        context.close(promise: nil)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var buffer = unwrapInboundIn(data)
        if var unread {
            unread.writeBuffer(&buffer)
            buffer = unread
            self.unread = nil
        }
        while buffer.readableBytes > 0 {
            guard head == nil else {
                skipBody(&buffer)
                continue
            }
            guard let request = pending else { return fail(nil) }
            let outcome = ResponseHead.read(
                buffer.readableBytesUInt8Span, wantsTag: request.operation == .conditional)
            switch outcome {
            case .incomplete:
                unread = buffer
                return
            case .malformed:
                return fail(request)
            case .head(let found, let bytes):
                buffer.moveReaderIndex(forwardBy: bytes)
                head = found
                bodyLeft = found.bodyBytes
                if bodyLeft == 0 { finish() }
            }
        }
    }

    private func skipBody(_ buffer: inout ByteBuffer) {
        let bytes = min(bodyLeft, buffer.readableBytes)
        buffer.moveReaderIndex(forwardBy: bytes)
        bodyLeft -= bytes
        if bodyLeft == 0 { finish() }
    }

    private func finish() {
        guard let request = pending, let answer = head else { return }
        pending = nil
        head = nil
        stream.answered(request, answer, on: self)
    }

    private func fail(_ request: PendingRequest?) {
        pending = nil
        stream.malformed(request)
        close()
    }
}
