import NIOCore
import NIOPosix

/// A small HTTP server for the generator's own tests, with chosen faults, over a real socket.
final class SampleServer: Sendable {
    /// How it answers.
    struct Behaviour: Sendable {
        var status = "200 OK"
        /// Answers that would go out in this time wait for its end; milliseconds from the start.
        var stall: Range<Int64>?
        var closesAfterAnswer = false
        /// Whether it answers at all.
        var isSilent = false
    }

    private let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
    private let channel: any Channel

    var port: Int { channel.localAddress?.port ?? 0 }

    init(_ behaviour: Behaviour) async throws {
        let began = NIODeadline.now()
        channel = try await ServerBootstrap(group: group)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(
                        SampleHandler(behaviour, began: began))
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
    }

    func stop() async throws {
        try await channel.close()
        try await group.shutdownGracefully()
    }
}

/// Answers each request that is wholly there; the generator never sends two at once.
private final class SampleHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let behaviour: SampleServer.Behaviour
    private let began: NIODeadline
    private var received = ByteBuffer()

    init(_ behaviour: SampleServer.Behaviour, began: NIODeadline) {
        self.behaviour = behaviour
        self.began = began
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var part = unwrapInboundIn(data)
        received.writeBuffer(&part)
        guard String(buffer: received).contains("\r\n\r\n"), !behaviour.isSilent else { return }
        received.clear()
        let channel = context.channel
        let behaviour = behaviour
        let text =
            "HTTP/1.1 \(behaviour.status)\r\nContent-Length: 4\r\nX-Cache: HIT\r\n"
            + (behaviour.closesAfterAnswer ? "Connection: close\r\n" : "") + "\r\nbody"
        let answer: @Sendable () -> Void = {
            channel.writeAndFlush(ByteBuffer(string: text)).whenComplete { _ in
                if behaviour.closesAfterAnswer { channel.close(promise: nil) }
            }
        }
        let passed = (NIODeadline.now() - began).nanoseconds / 1_000_000
        if let stall = behaviour.stall, stall.contains(passed) {
            context.eventLoop.scheduleTask(
                deadline: began + .milliseconds(stall.upperBound), answer)
        } else {
            answer()
        }
    }
}
