import Hummingbird
import NIOCore

extension Exchange {
    /// Runs something as long as the client listens: it is cancelled when the client has gone.
    ///
    /// A client of HTTP/1.1 keeps its side of the connection open for that. Over HTTP/2 the end of the
    /// connection cancels; that a stream was reset shows in the first write that fails. Its body must be
    /// left alone: a stream whose body was read to the end is reset once its answer is written, and with
    /// it whatever still waits for the window of the client.
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
