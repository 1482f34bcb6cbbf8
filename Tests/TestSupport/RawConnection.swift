import Synchronization

/// A connection on which a test sends and takes bytes when it likes to.
package final class RawConnection: Sendable {
    private let socket: BlockingSocket
    private let received = Mutex<[UInt8]>([])

    /// Connects to a port of the loopback interface; `window` bounds what waits unread.
    package init(port: Int, window: Int? = nil) async throws {
        socket = try await BlockingThread.run { try BlockingSocket(port: port, window: window) }
    }

    /// Sends bytes as they are.
    package func send(_ bytes: some Sequence<UInt8>) async throws {
        let bytes = Array(bytes)
        try await BlockingThread.run { [socket] in
            try socket.write(bytes, by: .now + HTTPClient.timeout)
        }
    }

    /// Takes what comes until the condition holds for everything so far, or the end; false at the end.
    package func take(until isEnough: @escaping @Sendable ([UInt8]) -> Bool) async throws -> Bool {
        try await BlockingThread.run { [self] in
            while true {
                if received.withLock({ isEnough($0) }) { return true }
                let piece = try socket.read(by: .now + HTTPClient.timeout)
                if piece.isEmpty { return false }
                received.withLock { $0 += piece }
            }
        }
    }

    /// Everything that was taken so far.
    package var text: String { received.withLock { String(decoding: $0, as: UTF8.self) } }

    /// Says that nothing more will be sent.
    package func finishWriting() { socket.finishWriting() }
}
