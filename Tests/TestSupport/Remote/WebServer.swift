import Foundation
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL
import Synchronization

/// A web server on the loopback interface whose answers a test decides.
package final class WebServer: Sendable {
    /// A request, without a body.
    package struct Request: Sendable {
        package let method: String
        package let path: String
        package let query: [String: String]
        package let headers: [String: String]

        /// The value of a header, by its name in lower case.
        package func header(_ name: String) -> String? { headers[name] }
    }

    /// What a request gets.
    package enum Answer: Sendable {
        case reply(Int, [String: String], [UInt8])
        /// No answer, on an open connection.
        case hang
        /// The beginning of an answer that never ends.
        case stall([UInt8])
        /// The connection is closed without an answer.
        case drop

        /// Text with a tag or other headers.
        package static func text(
            _ text: String, status: Int = 200, _ headers: [String: String] = [:]
        ) -> Answer {
            .reply(status, headers, Array(text.utf8))
        }
    }

    package typealias Answering = @Sendable (Request) -> Answer

    private struct State {
        var answering: Answering
        var requests: [Request] = []
        var channel: (any Channel)?
        var port = 0
    }

    private let state: Mutex<State>
    private let folder: String?

    private init(folder: String?, answering: @escaping Answering) {
        self.folder = folder
        state = Mutex(State(answering: answering))
    }

    deinit {
        state.withLock { $0.channel }?.close(promise: nil)
        if let folder { try? FileManager.default.removeItem(atPath: folder) }
    }

    /// Starts a server; a secure one has a certificate of an authority of its own for 127.0.0.1.
    package static func start(
        secure: Bool = false, _ answering: @escaping Answering = { _ in .text("", status: 404) }
    ) async throws -> WebServer {
        let folder = secure ? try ServerFiles.temporaryFolder() : nil
        let server = WebServer(folder: folder, answering: answering)
        var context: NIOSSLContext?
        if let folder {
            try await KubernetesCertificates.make(in: folder)
            context = try NIOSSLContext(
                configuration: TLSConfiguration.makeServerConfiguration(
                    certificateChain: try NIOSSLCertificate.fromPEMFile("\(folder)/server.crt")
                        .map { .certificate($0) },
                    privateKey: .privateKey(
                        try NIOSSLPrivateKey(file: "\(folder)/server.key", format: .pem))))
        }
        let tls = context
        let bound = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelInitializer { [weak server] channel in
                channel.eventLoop.makeCompletedFuture {
                    let pipeline = channel.pipeline.syncOperations
                    if let tls { try pipeline.addHandler(NIOSSLServerHandler(context: tls)) }
                    try pipeline.configureHTTPServerPipeline()
                    try pipeline.addHandler(WebHandler(server: server))
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        server.state.withLock {
            $0.channel = bound
            $0.port = bound.localAddress?.port ?? 0
        }
        return server
    }

    /// Answers otherwise from now on.
    package func answer(_ answering: @escaping Answering) {
        state.withLock { $0.answering = answering }
    }

    /// Every request so far, in order.
    package var requests: [Request] { state.withLock { $0.requests } }

    package var port: Int { state.withLock { $0.port } }

    /// The address without a path.
    package var url: String { "\(folder == nil ? "http" : "https")://127.0.0.1:\(port)" }

    /// The certificate of the authority of a secure server.
    package var authorityPath: String { "\(folder ?? "")/ca.crt" }

    fileprivate func answer(to request: Request) -> Answer {
        let answering = state.withLock { state in
            state.requests.append(request)
            return state.answering
        }
        return answering(request)
    }
}

/// Turns the requests of one connection into answers.
private final class WebHandler: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart

    private weak let server: WebServer?
    private var head: HTTPRequestHead?

    init(server: WebServer?) { self.server = server }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head): self.head = head
        case .body: return
        case .end:
            guard let head, let server else { return context.close(promise: nil) }
            answer(server.answer(to: Self.request(head)), context)
        }
    }

    private static func request(_ head: HTTPRequestHead) -> WebServer.Request {
        let parts = head.uri.split(separator: "?", maxSplits: 1)
        var query: [String: String] = [:]
        for pair in parts.dropFirst().first?.split(separator: "&") ?? [] {
            let sides = pair.split(separator: "=", maxSplits: 1).map {
                String($0).removingPercentEncoding ?? ""
            }
            query[sides[0]] = sides.count == 2 ? sides[1] : ""
        }
        var headers: [String: String] = [:]
        for header in head.headers { headers[header.name.lowercased()] = header.value }
        return WebServer.Request(
            method: head.method.rawValue,
            path: parts.first.map { String($0).removingPercentEncoding ?? "" } ?? "/",
            query: query, headers: headers)
    }

    private func answer(_ answer: WebServer.Answer, _ context: ChannelHandlerContext) {
        switch answer {
        case .hang: return
        case .drop: context.close(promise: nil)
        case .stall(let body):
            let headers: HTTPHeaders = ["Content-Length": "\(body.count + 1)"]
            context.write(
                wrapOutboundOut(.head(.init(version: .http1_1, status: .ok, headers: headers))),
                promise: nil)
            context.writeAndFlush(
                wrapOutboundOut(.body(.byteBuffer(ByteBuffer(bytes: body)))), promise: nil)
        case .reply(let code, let fields, let body):
            var headers = HTTPHeaders(fields.map { ($0.key, $0.value) })
            headers.add(name: "Content-Length", value: "\(body.count)")
            let status = HTTPResponseStatus(statusCode: code)
            context.write(
                wrapOutboundOut(.head(.init(version: .http1_1, status: status, headers: headers))),
                promise: nil)
            if code != 304 {
                context.write(
                    wrapOutboundOut(.body(.byteBuffer(ByteBuffer(bytes: body)))), promise: nil)
            }
            context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
        }
    }
}
