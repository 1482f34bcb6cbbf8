import NIOCore
import NIOEmbedded
import NIOHTTPTypes
import Testing

@testable import Server

@Suite("An accepted connection")
struct AcceptedConnectionTests {
    private func accept(_ channel: NIOAsyncTestingChannel) async throws -> AcceptedConnection {
        try await channel.connect(to: SocketAddress(unixDomainSocketPath: "/nowhere"))
        return try await channel.testingEventLoop.executeInContext {
            AcceptedConnection(try NIOAsyncChannel(wrappingChannelSynchronously: channel))
        }
    }

    /// Without the end that it gets, the process would not survive this.
    @Test("is closed when nobody comes for it", .timeLimit(.minutes(1)))
    func dropped() async throws {
        let channel = NIOAsyncTestingChannel()
        _ = try await accept(channel)
        try await channel.closeFuture.get()
    }

    @Test("is given to one, who ends it", .timeLimit(.minutes(1)))
    func taken() async throws {
        let channel = NIOAsyncTestingChannel()
        let connection = try await accept(channel)
        let parts = try #require(connection.take())
        #expect(connection.take() == nil)
        #expect(channel.isActive)
        try await parts.executeThenClose { _, _ in }
        try await channel.closeFuture.get()
    }
}
