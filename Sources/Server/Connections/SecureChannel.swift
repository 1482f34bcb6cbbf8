import Hummingbird
import HummingbirdCore
import HummingbirdHTTP2
import Logging
import NIOCore
import NIOSSL
import NIOTLS

/// A connection over TLS, on which the client chooses between HTTP/2 and HTTP/1.1 (ALPN).
///
/// The certificate is that of the moment. Both protocols have the lane in front of the router: that
/// of HTTP/1.1 as without TLS, that of HTTP/2 on each stream.
struct SecureChannel: ServerChildChannel {
    /// What the client has chosen.
    enum Negotiated: Sendable {
        case http1(FastLaneChannel.Value)
        case http2(HTTP2Channel.Value)
    }

    struct Value: ServerChildChannelValue {
        fileprivate let negotiated: EventLoopFuture<Negotiated>
        let channel: any Channel
    }

    private let certificates: TLSCertificates
    private let http1: FastLaneChannel
    private let http2: HTTP2Channel

    init(
        responder: @escaping HTTPChannelHandler.Responder, lane: FastLane?,
        certificates: TLSCertificates, idleTimeout: Duration
    ) {
        self.certificates = certificates
        http1 = FastLaneChannel(
            responder: responder, lane: lane, idleTimeout: idleTimeout, isSecure: true)
        http2 = HTTP2Channel(
            responder: responder,
            configuration: .init(
                idleTimeout: idleTimeout, gracefulCloseTimeout: ServerLimits.drainTimeout,
                streamConfiguration: .init(
                    additionalChannelHandlers: Self.streamHandlers(lane))))
    }

    private static func streamHandlers(_ lane: FastLane?) -> [any RemovableChannelHandler] {
        guard let lane else { return [StreamDrainHandler()] }
        return [StreamDrainHandler(), LaneStreamHandler(lane: lane)]
    }

    func setup(channel: any Channel, logger: Logger) -> EventLoopFuture<Value> {
        channel.eventLoop.makeCompletedFuture {
            let pipeline = channel.pipeline.syncOperations
            try pipeline.addHandler(NIOSSLServerHandler(context: certificates.context))
            try pipeline.addHandler(SecureFrontHandler())
            let negotiation = NIOTypedApplicationProtocolNegotiationHandler<Negotiated> {
                result, channel in
                negotiated(result, channel, logger)
            }
            try pipeline.addHandler(negotiation)
            return Value(negotiated: negotiation.protocolNegotiationResult, channel: channel)
        }
    }

    private func negotiated(
        _ result: ALPNResult, _ channel: any Channel, _ logger: Logger
    ) -> EventLoopFuture<Negotiated> {
        switch result {
        case .negotiated("h2"):
            http2.setup(channel: channel, logger: logger).map { .http2($0) }
        case .negotiated, .fallback:
            // Nothing else is offered, so nothing else can have been chosen.
            http1.setup(channel: channel, logger: logger).map { .http1($0) }
        }
    }

    func handle(value: Value, logger: Logger) async {
        // A connection that has broken in the handshake has nothing to be handled.
        guard let negotiated = try? await value.negotiated.get() else { return }
        switch negotiated {
        case .http1(let value): await http1.handle(value: value, logger: logger)
        case .http2(let value): await http2.handle(value: value, logger: logger)
        }
    }
}
