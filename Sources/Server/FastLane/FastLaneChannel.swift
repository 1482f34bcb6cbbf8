import Hummingbird
import HummingbirdCore
import Logging
import NIOCore
import NIOHTTP1
import NIOHTTPTypes
import NIOHTTPTypesHTTP1

/// A connection of HTTP/1.1 with the lane, where it is on, in front of the router.
///
/// Hummingbird's own hook for further handlers lies before the handler that watches over idleness,
/// which then closes connections that are served by the hook alone; hence a channel of our own.
struct FastLaneChannel: HTTPChannelHandler {
    typealias Value = AcceptedConnection

    let responder: HTTPChannelHandler.Responder
    let lane: FastLane?
    let idleTimeout: Duration
    var isSecure = false
    /// The loop in front that lent the connection, where one did.
    var home: FrontHome?

    /// The decoder takes what it takes without the lane; the router refuses more with words of its own.
    private static var decoderLimits: NIOHTTPDecoderLimitConfiguration {
        let limits = HTTP1Channel.Configuration.DecoderConfiguration()
        var configuration = NIOHTTPDecoderLimitConfiguration()
        configuration.maxHeaderFieldSize = limits.maxHeaderFieldSize
        configuration.maxHeaderListSize = limits.maxHeaderListSize
        configuration.maxHeaderFieldCount = limits.maxHeaderFieldCount
        return configuration
    }

    func setup(channel: any Channel, logger: Logger) -> EventLoopFuture<Value> {
        channel.eventLoop.makeCompletedFuture {
            let front = lane.map { lane in
                LaneFrontHandler(
                    loop: lane.state(on: channel.eventLoop), answersBytes: lane.mode == .bytes,
                    idleTimeout: idleTimeout, home: home)
            }
            let pipeline = channel.pipeline.syncOperations
            if let front { try pipeline.addHandler(front) }
            try pipeline.configureHTTPServerPipeline(
                withPipeliningAssistance: false, withErrorHandling: false,
                withOutboundHeaderValidation: false, withEncoderConfiguration: .init(),
                withDecoderLimitConfiguration: Self.decoderLimits)
            if let front { try pipeline.addHandler(LanePartHandler(front: front)) }
            try pipeline.addHandler(DrainHandler())
            try pipeline.addHandler(ExpectationHandler())
            try pipeline.addHandler(HTTP1ToHTTPServerCodec(secure: isSecure))
            // With the lane idleness is the front's, which sees all requests.
            try pipeline.addHandler(
                HTTPConnectionStateHandler(
                    idleTimeout: front == nil ? idleTimeout : nil, logger: logger))
            return AcceptedConnection(
                try NIOAsyncChannel(
                    wrappingChannelSynchronously: channel,
                    configuration: .init(isOutboundHalfClosureEnabled: true)))
        }
    }

    func handle(value: Value, logger: Logger) async {
        guard let parts = value.take() else { return }
        await handleHTTP(asyncChannel: parts, logger: logger)
    }
}
