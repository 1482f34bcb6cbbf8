import CatalogModel
import NIOCore
import NIOHTTP1
import Synchronization

/// Turns requests of one connection into answers of the double.
final class KubernetesHandler: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart

    private weak let double: KubernetesDouble?
    private var head: HTTPRequestHead?
    private var body: [UInt8] = []

    init(double: KubernetesDouble?) { self.double = double }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head):
            self.head = head
            body = []
        case .body(let buffer):
            body += Array(buffer.readableBytesView)
        case .end:
            guard let head else { return }
            answer(head, context)
        }
    }

    private func answer(_ head: HTTPRequestHead, _ context: ChannelHandlerContext) {
        let request = KubernetesRequest(
            method: head.method.rawValue, target: head.uri,
            authorization: head.headers["Authorization"].first ?? "",
            contentType: head.headers["Content-Type"].first ?? "", body: body)
        guard let double else { return context.close(promise: nil) }
        if let parent = head.headers["traceparent"].first {
            let trace = KubernetesDouble.Trace(
                parent: parent, state: head.headers["tracestate"].first)
            double.state.withLock { $0.traces.append(trace) }
        }
        switch double.state.withLock({ $0.answer(request) }) {
        case .hang: return
        case .drop: context.close(promise: nil)
        case .json(let code, let value):
            let bytes = context.channel.allocator.buffer(bytes: value.encoded)
            let headers: HTTPHeaders = [
                "Content-Type": "application/json", "Content-Length": "\(bytes.readableBytes)",
            ]
            let status = HTTPResponseStatus(statusCode: code)
            context.write(
                wrapOutboundOut(.head(.init(version: .http1_1, status: status, headers: headers))),
                promise: nil)
            context.write(wrapOutboundOut(.body(.byteBuffer(bytes))), promise: nil)
            context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
        case .watch(let watch):
            let headers: HTTPHeaders = [
                "Content-Type": "application/json", "Transfer-Encoding": "chunked",
            ]
            context.writeAndFlush(
                wrapOutboundOut(.head(.init(version: .http1_1, status: .ok, headers: headers))),
                promise: nil)
            watch.attach(to: context.channel)
        }
    }
}

/// A watch under way; events that come before its channel is known wait for it.
final class KubernetesWatch: Sendable {
    private struct State {
        var channel: (any Channel)?
        var waiting: [[UInt8]] = []
        var isEnded = false
    }

    let place: KubernetesPlace
    let request: KubernetesRequest
    private let state = Mutex(State())

    init(place: KubernetesPlace, request: KubernetesRequest) {
        self.place = place
        self.request = request
    }

    func attach(to channel: any Channel) {
        state.withLock { state in
            state.channel = channel
            for line in state.waiting { Self.write(line, channel) }
            state.waiting = []
            if state.isEnded {
                channel.writeAndFlush(HTTPServerResponsePart.end(nil), promise: nil)
            }
        }
    }

    func send(_ type: String, _ object: JSONValue) {
        let line: JSONValue = ["type": .string(type), "object": object]
        let bytes = line.encoded + [UInt8(ascii: "\n")]
        state.withLock { state in
            guard !state.isEnded else { return }
            if let channel = state.channel {
                Self.write(bytes, channel)
            } else {
                state.waiting.append(bytes)
            }
        }
    }

    func end() {
        state.withLock { state in
            guard !state.isEnded else { return }
            state.isEnded = true
            state.channel?.writeAndFlush(HTTPServerResponsePart.end(nil), promise: nil)
        }
    }

    private static func write(_ bytes: [UInt8], _ channel: any Channel) {
        let part = HTTPServerResponsePart.body(.byteBuffer(ByteBuffer(bytes: bytes)))
        channel.writeAndFlush(part, promise: nil)
    }
}
