package import CatalogModel
import Synchronization

/// A small HTTP/1.1 client for a server on this machine; every exchange ends within a deadline.
package struct HTTPClient: Sendable {
    /// How long one exchange may take.
    package static let timeout: Duration = .seconds(10)

    package let port: Int
    let caller: Caller

    /// A client of the server that listens on a port of the loopback interface.
    package init(port: Int, caller: Caller = .plain) {
        self.port = port
        self.caller = caller
    }

    /// Opens a connection that stays open between requests.
    package func connect() async throws -> HTTPConnection {
        let port = self.port
        return HTTPConnection(
            port: port, caller: caller,
            socket: try await BlockingThread.run {
                try BlockingSocket(port: port)
            })
    }

    /// Sends one request on a connection of its own.
    package func send(
        _ method: String, _ target: String, headers: [String: String] = [:], body: [UInt8]? = nil
    ) async throws -> HTTPResponse {
        var all = headers
        if !headers.keys.contains(where: { $0.lowercased() == "connection" }) {
            all["Connection"] = "close"
        }
        return try await connect().send(method, target, headers: all, body: body)
    }

    package func get(
        _ target: String, headers: [String: String] = [:]
    ) async throws -> HTTPResponse {
        try await send("GET", target, headers: headers)
    }

    package func head(
        _ target: String, headers: [String: String] = [:]
    ) async throws -> HTTPResponse {
        try await send("HEAD", target, headers: headers)
    }

    package func options(
        _ target: String, headers: [String: String] = [:]
    ) async throws -> HTTPResponse {
        try await send("OPTIONS", target, headers: headers)
    }

    package func post(
        _ target: String, headers: [String: String] = [:], body: String = ""
    ) async throws -> HTTPResponse {
        try await send("POST", target, headers: headers, body: Array(body.utf8))
    }

    package func post(
        _ target: String, headers: [String: String] = [:], json: JSONValue
    ) async throws -> HTTPResponse {
        try await send("POST", target, headers: headers, body: Self.bytes(json))
    }

    package func put(
        _ target: String, headers: [String: String] = [:], json: JSONValue
    ) async throws -> HTTPResponse {
        try await send("PUT", target, headers: headers, body: Self.bytes(json))
    }

    package func patch(
        _ target: String, headers: [String: String] = [:], json: JSONValue
    ) async throws -> HTTPResponse {
        try await send("PATCH", target, headers: headers, body: Self.bytes(json))
    }

    package func delete(
        _ target: String, headers: [String: String] = [:]
    ) async throws -> HTTPResponse {
        try await send("DELETE", target, headers: headers)
    }

    /// The header lines of a request that is sent as bytes: these, and who asks.
    package func lines(_ headers: [String: String], to target: String) async throws -> String {
        try await caller.lines(headers, target: target)
    }

    /// Sends bytes as they are and returns what came back until the end or the time is over.
    ///
    /// Stops early once `enough` bytes have come. `ended` tells whether the server closed the
    /// connection.
    package func raw(
        _ bytes: [UInt8], timeout: Duration = .seconds(2), enough: Int = .max
    ) async throws -> (received: [UInt8], ended: Bool) {
        let port = self.port
        return try await BlockingThread.run {
            let socket = try BlockingSocket(port: port)
            let deadline = ContinuousClock.now + timeout
            // The server may close before it has read everything; what it said still counts.
            try? socket.write(bytes, by: deadline)
            var received: [UInt8] = []
            while received.count < enough, let more = try? socket.read(by: deadline) {
                if more.isEmpty { return (received, true) }
                received += more
            }
            return (received, false)
        }
    }

    private static func bytes(_ json: JSONValue) -> [UInt8] {
        var bytes: [UInt8] = []
        JSONWriter.append(json, to: &bytes)
        return bytes
    }
}

/// A connection that stays open; requests on it go one after the other.
package final class HTTPConnection: Sendable {
    private let port: Int
    private let caller: Caller
    private let socket: BlockingSocket
    private let reader = Mutex(HTTPResponseReader())

    init(port: Int, caller: Caller, socket: BlockingSocket) {
        self.port = port
        self.caller = caller
        self.socket = socket
    }

    /// Whether the server has said, or shown, that the connection is over.
    package var isAtEnd: Bool { reader.withLock { $0.isAtEnd } }

    /// Sends a request and waits for its answer.
    package func send(
        _ method: String, _ target: String, headers: [String: String] = [:], body: [UInt8]? = nil
    ) async throws -> HTTPResponse {
        let request = HTTPRequestWriter.bytes(
            method, target, port: port,
            headers: try await caller.headers(headers, target: target), body: body)
        return try await BlockingThread.run { [self] in
            let deadline = ContinuousClock.now + HTTPClient.timeout
            return try reader.withLock { reader in
                // A server that refuses early may close while the body is still being sent.
                let written = Result { try socket.write(request, by: deadline) }
                do {
                    return try reader.response(from: socket, to: method, by: deadline)
                } catch {
                    try written.get()
                    throw error
                }
            }
        }
    }

    package func get(
        _ target: String, headers: [String: String] = [:]
    ) async throws -> HTTPResponse {
        try await send("GET", target, headers: headers)
    }
}
