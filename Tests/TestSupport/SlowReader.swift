import Synchronization

/// A client that sends a request and takes the answer piece by piece, when it likes to.
package final class SlowReader: Sendable {
    private let socket: BlockingSocket
    private let received = Mutex<[UInt8]>([])

    /// Sends a GET; nothing of the answer is taken yet.
    package init(port: Int, target: String, headers: [String: String] = [:]) async throws {
        socket = try await BlockingThread.run {
            let socket = try BlockingSocket(port: port)
            let request = HTTPRequestWriter.bytes(
                "GET", target, port: port, headers: headers.merging(["Connection": "close"]) { $1 },
                body: nil)
            try socket.write(request, by: .now + HTTPClient.timeout)
            return socket
        }
    }

    /// Takes one piece, at most 64 KiB; returns how much was taken so far.
    @discardableResult
    package func take() async throws -> Int {
        try await BlockingThread.run { [self] in
            let piece = try socket.read(by: .now + HTTPClient.timeout)
            return received.withLock { received in
                received += piece
                return received.count
            }
        }
    }

    /// Takes everything that is left; returns the whole answer with its head.
    package func rest() async throws -> [UInt8] {
        try await BlockingThread.run { [self] in
            while true {
                let piece = try socket.read(by: .now + HTTPClient.timeout)
                if piece.isEmpty { return received.withLock { $0 } }
                received.withLock { $0 += piece }
            }
        }
    }
}
