import NIOCore
import NIOEmbedded
import NIOHTTP1
import NIOTLS
import Testing

@testable import Server

@Suite("The end of a connection")
struct DrainTests {
    /// A connection without a socket, with a router that the test answers for.
    private final class Connection {
        let channel = EmbeddedChannel()
        let router = TestRouter()

        init() throws {
            let pipeline = channel.pipeline.syncOperations
            try pipeline.configureHTTPServerPipeline(
                withPipeliningAssistance: false, withErrorHandling: false)
            try pipeline.addHandler(DrainHandler(grace: .seconds(1), linger: .seconds(2)))
            try pipeline.addHandler(router)
            try channel.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 1)).wait()
        }

        deinit { _ = try? channel.finish(acceptAlreadyClosed: true) }

        func request(_ path: String = "/") throws {
            try channel.writeInbound(
                ByteBuffer(string: "GET \(path) HTTP/1.1\r\nHost: h\r\n\r\n"))
        }

        func stop() { channel.pipeline.fireUserInboundEventTriggered(ChannelShouldQuiesceEvent()) }

        func received() throws -> String {
            var text = ""
            while let buffer = try channel.readOutbound(as: ByteBuffer.self) {
                text += String(buffer: buffer)
            }
            return text
        }

        func pass(_ seconds: Int64) { channel.embeddedEventLoop.advanceTime(by: .seconds(seconds)) }
    }

    @Test("is announced by the answer to the last request")
    func announced() throws {
        let connection = try Connection()
        try connection.request()
        connection.router.answer()
        #expect(try !connection.received().contains("Connection: close"))
        try connection.request()
        connection.stop()
        connection.router.answer()
        #expect(try connection.received().contains("Connection: close"))
        connection.pass(3)
        #expect(!connection.channel.isActive)
    }

    @Test("waits for a request that is on its way")
    func onItsWay() throws {
        let connection = try Connection()
        connection.stop()
        #expect(connection.channel.isActive)
        try connection.request("/late")
        connection.pass(5)
        #expect(connection.channel.isActive)
        connection.router.answer()
        #expect(connection.router.requests == ["GET /late"])
        #expect(try connection.received().contains("Connection: close"))
        connection.pass(3)
        #expect(!connection.channel.isActive)
    }

    @Test("comes after a moment where nothing is asked")
    func idle() throws {
        let connection = try Connection()
        connection.stop()
        connection.pass(1)
        // Too late: its client will see the end and may send it again.
        try connection.request("/too-late")
        #expect(connection.router.requests.isEmpty)
        connection.pass(2)
        #expect(!connection.channel.isActive)
    }

    @Test("pipelined requests that have come are answered; only the last answer announces the end")
    func pipelined() throws {
        let connection = try Connection()
        for path in ["/1", "/2", "/3"] { try connection.request(path) }
        connection.stop()
        connection.router.answer()
        connection.router.answer()
        #expect(try !connection.received().contains("Connection: close"))
        connection.router.answer()
        #expect(try connection.received().contains("Connection: close"))
        try connection.request("/4")
        #expect(connection.router.requests.count == 3)
    }

    @Test("an answer that began before is whole, and the next one announces the end")
    func began() throws {
        var drain = ConnectionDrain()
        drain.received()
        let announcesFirst = drain.announces()
        #expect(!announcesFirst)
        #expect(drain.begin() == .goOn)
        #expect(drain.answered() == .wait)
        drain.received()
        #expect(drain.waited() == .goOn)
        let announcesSecond = drain.announces()
        #expect(announcesSecond)
        #expect(drain.answered() == .end)
    }

    @Test("a handshake that does not end is ended; one that does hears that the server stops")
    func handshake() throws {
        final class Listener: ChannelInboundHandler {
            typealias InboundIn = ByteBuffer
            var isStopping = false
            func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
                if event is ChannelShouldQuiesceEvent { isStopping = true }
            }
        }
        func connect() throws -> (EmbeddedChannel, Listener) {
            let channel = EmbeddedChannel()
            let listener = Listener()
            let times = SecureFrontHandler.Times(
                handshake: .seconds(5), linger: .seconds(1), quiet: .seconds(20))
            try channel.pipeline.syncOperations.addHandlers([
                SecureFrontHandler(times: times), listener,
            ])
            try channel.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 1)).wait()
            return (channel, listener)
        }
        let (slow, _) = try connect()
        slow.embeddedEventLoop.advanceTime(by: .seconds(6))
        #expect(!slow.isActive)
        let (channel, listener) = try connect()
        channel.pipeline.fireUserInboundEventTriggered(ChannelShouldQuiesceEvent())
        #expect(!listener.isStopping)
        channel.pipeline.fireUserInboundEventTriggered(
            TLSUserEvent.handshakeCompleted(negotiatedProtocol: nil))
        #expect(listener.isStopping)
        channel.embeddedEventLoop.advanceTime(by: .seconds(60))
        #expect(channel.isActive)
        _ = try? channel.finish()

        // HTTP/2: quiet for too long, and closed by whoever is behind.
        func connectHTTP2() throws -> EmbeddedChannel {
            let (channel, _) = try connect()
            channel.pipeline.fireUserInboundEventTriggered(
                TLSUserEvent.handshakeCompleted(negotiatedProtocol: "h2"))
            return channel
        }
        let quiet = try connectHTTP2()
        quiet.embeddedEventLoop.advanceTime(by: .seconds(15))
        try quiet.writeInbound(ByteBuffer(string: "x"))
        quiet.embeddedEventLoop.advanceTime(by: .seconds(15))
        #expect(quiet.isActive)
        quiet.embeddedEventLoop.advanceTime(by: .seconds(6))
        #expect(!quiet.isActive)
        let closed = try connectHTTP2()
        let first = closed.close()
        let second = closed.close()
        #expect(closed.isActive)
        closed.embeddedEventLoop.advanceTime(by: .seconds(2))
        try first.wait()
        try second.wait()
        #expect(!closed.isActive)
    }
}
