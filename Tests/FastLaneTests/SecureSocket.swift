import NIOCore
import NIOPosix
import NIOSSL
import NIOTLS
import Synchronization

/// A connection over TLS that sends and receives bytes as they are.
struct SecureSocket {
    let port: Int
    /// A PEM file with the only certificate that is believed.
    let trusted: String
    var protocols: [String] = []
    var maximum: TLSVersion?

    /// What came back on one connection.
    struct Outcome: Sendable {
        var received: [UInt8] = []
        /// Whether the server closed the connection.
        var ended = false
        var negotiated: String?
        var error: String?
    }

    /// Sends bytes and returns what came back until the end or the time is over.
    func raw(_ bytes: [UInt8], timeout: Duration) async throws -> Outcome {
        var configuration = TLSConfiguration.makeClientConfiguration()
        configuration.trustRoots = .file(trusted)
        configuration.applicationProtocols = protocols
        configuration.minimumTLSVersion = .tlsv1
        configuration.maximumTLSVersion = maximum
        let context = try NIOSSLContext(configuration: configuration)
        let outcome = Box()
        let loop = MultiThreadedEventLoopGroup.singleton.next()
        let done = loop.makePromise(of: Void.self)
        let channel = try await ClientBootstrap(group: loop).channelInitializer { channel in
            channel.eventLoop.makeCompletedFuture {
                let pipeline = channel.pipeline.syncOperations
                try pipeline.addHandler(NIOSSLClientHandler(context: context, serverHostname: nil))
                try pipeline.addHandler(Collector(outcome: outcome, done: done))
            }
        }.connect(host: "127.0.0.1", port: port).get()
        let timer = loop.scheduleTask(in: TimeAmount(timeout)) { done.succeed() }
        channel.writeAndFlush(ByteBuffer(bytes: bytes), promise: nil)
        try await done.futureResult.get()
        timer.cancel()
        let result = outcome.value.withLock { $0 }
        try? await channel.close()
        return result
    }

    private final class Box: Sendable {
        let value = Mutex(Outcome())
    }

    private final class Collector: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer

        private let outcome: Box
        private let done: EventLoopPromise<Void>

        init(outcome: Box, done: EventLoopPromise<Void>) {
            self.outcome = outcome
            self.done = done
        }

        func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
            if let event = event as? TLSUserEvent, case .handshakeCompleted(let name) = event {
                outcome.value.withLock { $0.negotiated = name ?? "" }
            }
        }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            let buffer = unwrapInboundIn(data)
            outcome.value.withLock { $0.received += Array(buffer.readableBytesView) }
        }

        func errorCaught(context: ChannelHandlerContext, error: any Error) {
            outcome.value.withLock { $0.error = $0.error ?? "\(error)" }
            context.close(promise: nil)
        }

        func channelInactive(context: ChannelHandlerContext) {
            outcome.value.withLock { $0.ended = true }
            done.succeed()
        }
    }
}
