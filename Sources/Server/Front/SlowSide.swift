import Logging
import NIOCore
import NIOPosix
import Synchronization
import Telemetry

/// Where connections go whose requests the lane does not answer: NIO's event loops and the router.
///
/// A connection is a loan: the loop in front gives its descriptor away with the bytes that it has
/// read, and gets another descriptor of the same socket back when the connection is served by hits
/// again (`LaneFrontHandler`). So at any time one side holds the connection, and only that one.
final class SlowSide: Sendable {
    private struct State {
        /// Those that have to hear that the server stops.
        var channels: [ObjectIdentifier: any Channel] = [:]
        var adopting = 0
        var loops: Int
        var isStopping = false
    }

    /// Connections that were adopted, for whoever handles them; ends after the last loop in front.
    let arrivals: AsyncStream<AcceptedConnection>
    private let continuation: AsyncStream<AcceptedConnection>.Continuation
    private let group: any EventLoopGroup
    private let channel: FastLaneChannel
    private let logger: Logger
    private let lane: FastLane
    private let state: Mutex<State>

    init(
        group: any EventLoopGroup, channel: FastLaneChannel, lane: FastLane, loops: Int,
        logger: Logger
    ) {
        self.group = group
        self.channel = channel
        self.lane = lane
        self.logger = logger
        (arrivals, continuation) = AsyncStream.makeStream()
        state = Mutex(State(loops: loops))
    }

    /// Takes a connection over with the bytes that were read of it; any thread.
    func adopt(_ descriptor: Int32, read bytes: ByteBuffer, from inbox: FrontInbox) {
        state.withLock { $0.adopting += 1 }
        lane.lent.increment()
        var fast = channel
        fast.home = FrontHome(inbox: inbox, returned: lane.returned)
        let setup = fast
        ClientBootstrap(group: group.next())
            .channelOption(.allowRemoteHalfClosure, value: true)
            .channelInitializer { [self] channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(
                        ReplayHandler(bytes: bytes, slow: self))
                }.flatMap {
                    setup.setup(channel: channel, logger: self.logger)
                }.map { accepted in
                    _ = self.continuation.yield(accepted)
                }
            }
            .withConnectedSocket(descriptor)
            .whenComplete { [self] _ in
                finishIfOver { $0.adopting -= 1 }
            }
    }

    /// An adopted connection is in use; true when it has to be told that the server stops.
    func began(_ channel: any Channel) -> Bool {
        let id = ObjectIdentifier(channel)
        let isStopping = state.withLock { state in
            if !state.isStopping { state.channels[id] = channel }
            return state.isStopping
        }
        guard !isStopping else { return true }
        channel.closeFuture.whenComplete { [self] _ in
            state.withLock { _ = $0.channels.removeValue(forKey: id) }
        }
        return false
    }

    /// Every connection hears once that the server stops.
    func stop() {
        let channels = state.withLock { state in
            state.isStopping = true
            defer { state.channels = [:] }
            return state.channels.values
        }
        for channel in channels {
            channel.pipeline.fireUserInboundEventTriggered(ChannelShouldQuiesceEvent())
        }
    }

    /// A loop in front has ended and lends nothing any more.
    func loopEnded() { finishIfOver { $0.loops -= 1 } }

    private func finishIfOver(_ change: (inout State) -> Void) {
        let isOver = state.withLock { state in
            change(&state)
            return state.loops == 0 && state.adopting == 0
        }
        if isOver { continuation.finish() }
    }
}
