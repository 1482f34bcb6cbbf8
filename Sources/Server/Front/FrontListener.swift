import HummingbirdCore
import Logging
import NIOCore
import NIOPosix
import ServiceLifecycle
import Sockets
import Telemetry

/// Listens and serves in place of Hummingbird's own listener: event loops of our own in front.
///
/// For HTTP/1.1 without TLS. Each loop is a thread (`FrontLoop`) that answers hits; what it does not
/// answer it lends to `SlowSide`, whose connections are handled here as tasks.
struct FrontListener: Service {
    let host: String
    let port: Int
    let lane: FastLane
    let responder: HTTPChannelHandler.Responder
    let idleTimeout: Duration
    let loopCount: Int
    /// What the system holds of a connection's answers, for clients that read late; nil: its own measure.
    var sendBufferBytes: Int?
    let onListening: @Sendable (SocketAddress?) -> Void
    let logger: Logger

    /// The system gives no thread or no descriptors.
    struct Exhausted: Error {}

    func run() async throws {
        let (descriptor, address) = try await listen()
        let inboxes = (0..<loopCount).compactMap { _ in FrontInbox() }
        let channel = FastLaneChannel(responder: responder, lane: lane, idleTimeout: idleTimeout)
        let slow = SlowSide(
            group: MultiThreadedEventLoopGroup.singleton, channel: channel, lane: lane,
            loops: inboxes.count, logger: logger)
        let door = FrontDoor(descriptor: descriptor, inboxes: inboxes)
        guard inboxes.count == loopCount, start(inboxes, door, slow) else {
            for inbox in inboxes { inbox.tell(.end) }
            throw Exhausted()
        }
        onListening(address)
        await withTaskCancellationHandler {
            await withGracefulShutdownHandler {
                await withDiscardingTaskGroup { group in
                    for await connection in slow.arrivals {
                        group.addTask { await channel.handle(value: connection, logger: logger) }
                    }
                }
            } onGracefulShutdown: {
                slow.stop()
                for inbox in inboxes { inbox.tell(.drain) }
            }
        } onCancel: {
            for inbox in inboxes { inbox.tell(.end) }
        }
    }

    /// Resolves and binds as Hummingbird's listener would, by NIO, and takes over the socket.
    private func listen() async throws -> (descriptor: Int32, address: SocketAddress?) {
        var bootstrap = ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .serverChannelOption(.backlog, value: Int32(FrontLimits.backlog))
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            // What waits is accepted by the loops.
            .serverChannelOption(.autoRead, value: false)
        if let bytes = sendBufferBytes {
            let option = ChannelOptions.Types.SocketOption.Value(bytes)
            // Accepted sockets inherit it.
            bootstrap = bootstrap.serverChannelOption(.socketOption(.so_sndbuf), value: option)
        }
        let channel = try await bootstrap.bind(host: host, port: port).get()
        let copy = try await channel.eventLoop.submit {
            try channel.pipeline.syncOperations.withUnsafeTransportIfAvailable(
                of: NIOBSDSocket.Handle.self
            ) { SocketCall.duplicate($0) }
        }.get()
        let address = channel.localAddress
        try await channel.close()
        guard let descriptor = copy.flatMap({ $0 }) else { throw Exhausted() }
        return (descriptor, address)
    }

    private func start(_ inboxes: [FrontInbox], _ door: FrontDoor, _ slow: SlowSide) -> Bool {
        let times = FrontConnection.Times(
            idle: idleTimeout.wholeNanoseconds,
            grace: ServerLimits.drainGrace.wholeNanoseconds,
            linger: ServerLimits.drainLinger.wholeNanoseconds)
        for inbox in inboxes {
            let lane = lane
            let thread = SystemThread {
                // Without room for its set of descriptors a loop serves nobody; others do.
                if var loop = FrontLoop(
                    lane: lane, inbox: inbox, door: door, slow: slow, times: times)
                {
                    loop.run()
                } else {
                    inbox.refuse()
                    door.leave()
                }
                slow.loopEnded()
            }
            guard thread != nil else { return false }
        }
        return true
    }
}
