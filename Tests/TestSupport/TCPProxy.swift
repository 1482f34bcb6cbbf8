import NIOCore
import NIOPosix
import Synchronization

/// A relay on a port of the loopback that can hold back, delay, cut and change what it passes on.
///
/// Real sockets on both sides; both ends see what a network does to them.
package final class TCPProxy: Sendable {
    /// Where connections lead to.
    package enum Target: Sendable {
        case port(Int)
        /// A Unix socket.
        case path(String)
    }

    /// What happens to bytes that arrive.
    package enum Mode: Sendable, Equatable {
        case pass
        /// Each piece waits for so long.
        case delay(milliseconds: Int)
        /// Nothing gets through, and nobody is told, as behind a firewall that drops packets.
        case blackhole
        /// As `blackhole`, but only on the way back.
        case blackholeAnswers
        /// New connections are closed at once.
        case refuse
    }

    private typealias Connection = NIOAsyncChannel<ByteBuffer, ByteBuffer>

    private struct State {
        var target: Target
        var mode = Mode.pass
        var channels: [ObjectIdentifier: any Channel] = [:]
        var relay: Task<Void, Never>?
    }

    /// How often held bytes look whether they may go on.
    private static let tick: Duration = .milliseconds(2)

    package let port: Int
    private let state: Mutex<State>
    private let rewrite: (@Sendable ([UInt8]) -> [UInt8])?

    private init(port: Int, target: Target, rewrite: (@Sendable ([UInt8]) -> [UInt8])?) {
        self.port = port
        self.rewrite = rewrite
        state = Mutex(State(target: target))
    }

    deinit { state.withLock { $0.relay?.cancel() } }

    /// Starts a relay; `rewrite` may change the bytes of each piece that comes back.
    package static func start(
        to target: Target, rewrite: (@Sendable ([UInt8]) -> [UInt8])? = nil
    ) async throws -> TCPProxy {
        let listener = try await ServerBootstrap(group: .singletonMultiThreadedEventLoopGroup)
            .serverChannelOption(.backlog, value: 256)
            .bind(host: "127.0.0.1", port: 0) { channel in
                channel.eventLoop.makeCompletedFuture {
                    try Connection(wrappingChannelSynchronously: channel)
                }
            }
        let port = listener.channel.localAddress?.port ?? 0
        let proxy = TCPProxy(port: port, target: target, rewrite: rewrite)
        let relay = Task<Void, Never> { [weak proxy] in
            try? await listener.executeThenClose { connections in
                try await withThrowingDiscardingTaskGroup { group in
                    for try await connection in connections {
                        guard let proxy else { break }
                        group.addTask { await proxy.serve(connection) }
                    }
                }
            }
        }
        proxy.state.withLock { $0.relay = relay }
        return proxy
    }

    package var mode: Mode {
        get { state.withLock { $0.mode } }
        set { state.withLock { $0.mode = newValue } }
    }

    /// Leads new connections elsewhere; those that are open stay where they are.
    package func redirect(to target: Target) { state.withLock { $0.target = target } }

    /// Closes every connection that is open, on both sides.
    package func cut() {
        let channels = state.withLock { state in Array(state.channels.values) }
        for channel in channels { channel.close(mode: .all, promise: nil) }
    }

    // MARK: One connection

    private func serve(_ client: Connection) async {
        let target = state.withLock { $0.mode == .refuse ? nil : $0.target }
        guard let target, let server = try? await Self.connect(target) else {
            try? await client.channel.close()
            try? await client.executeThenClose { _, _ in }
            return
        }
        let ends = [client.channel, server.channel]
        state.withLock { state in
            for end in ends { state.channels[ObjectIdentifier(end)] = end }
        }
        try? await relay(client, server)
        state.withLock { state in
            for end in ends { state.channels[ObjectIdentifier(end)] = nil }
        }
    }

    private func relay(_ client: Connection, _ server: Connection) async throws {
        try await client.executeThenClose { requests, toClient in
            try await server.executeThenClose { answers, toServer in
                try await withThrowingTaskGroup(of: Void.self) { group in
                    group.addTask {
                        for try await bytes in requests {
                            try await self.hold(answer: false)
                            try await toServer.write(bytes)
                        }
                    }
                    group.addTask {
                        for try await bytes in answers {
                            try await self.hold(answer: true)
                            try await toClient.write(self.changed(bytes))
                        }
                    }
                    // Whichever side ends first ends both.
                    try await group.next()
                    group.cancelAll()
                }
            }
        }
    }

    private func hold(answer: Bool) async throws {
        if case .delay(let milliseconds) = mode {
            try await Task.sleep(for: .milliseconds(milliseconds))
        }
        while mode == .blackhole || (answer && mode == .blackholeAnswers) {
            try await Task.sleep(for: Self.tick)
        }
    }

    private func changed(_ bytes: ByteBuffer) -> ByteBuffer {
        guard let rewrite else { return bytes }
        return ByteBuffer(bytes: rewrite(Array(bytes.readableBytesView)))
    }

    private static func connect(_ target: Target) async throws -> Connection {
        let bootstrap = ClientBootstrap(group: .singletonMultiThreadedEventLoopGroup)
        let initializer: @Sendable (any Channel) -> EventLoopFuture<Connection> = { channel in
            channel.eventLoop.makeCompletedFuture {
                try Connection(wrappingChannelSynchronously: channel)
            }
        }
        switch target {
        case .port(let port):
            return try await bootstrap.connect(
                host: "127.0.0.1", port: port, channelInitializer: initializer)
        case .path(let path):
            return try await bootstrap.connect(
                unixDomainSocketPath: path, channelInitializer: initializer)
        }
    }
}
