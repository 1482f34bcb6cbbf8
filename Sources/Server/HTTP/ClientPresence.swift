import Hummingbird
import NIOCore

extension Exchange {
    /// Runs something as long as the client listens: it is cancelled when the client has gone.
    ///
    /// A client of HTTP/1.1 keeps its side of the connection open for that. On a stream of HTTP/2 its
    /// side ends with the request, so that nothing shows there before a write fails; what runs has to
    /// write now and then.
    @concurrent func whileClientListens<Value: Sendable>(
        _ operation: @concurrent () async throws -> Value
    ) async throws -> Value {
        if channel.isStreamOfConnection { return try await operation() }
        return try await request.body.consumeWithCancellationOnInboundClose { _ in
            try await operation()
        }
    }
}

extension Channel {
    /// Whether this is one stream of a connection of HTTP/2, and not a connection.
    ///
    /// A connection is the child of the socket that listens, a stream is the child of a connection.
    var isStreamOfConnection: Bool { parent?.parent != nil }
}
