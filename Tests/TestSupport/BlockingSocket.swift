import Foundation

/// A TCP connection to this machine with blocking calls, each bounded by a deadline.
///
/// To be used on a thread that may block.
final class BlockingSocket: Sendable {
    private let descriptor: Int32

    /// Connects to a port of the loopback interface; `window` bounds what waits unread.
    init(port: Int, window: Int? = nil) throws {
        let kind = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
        descriptor = socket(AF_INET, kind, 0)
        guard descriptor >= 0 else { throw Self.failure("socket") }
        if var bytes = window.map({ Int32($0) }) {
            _ = unsafe setsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, &bytes, 4)
        }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(UInt16(port).bigEndian)
        address.sin_addr.s_addr = in_addr_t(UInt32(0x7F00_0001).bigEndian)
        let size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let result = unsafe withUnsafePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe connect(descriptor, $0, size)
            }
        }
        // Whoever is thrown out of here is complete: `deinit` closes the descriptor, and only once.
        guard result == 0 else { throw Self.failure("connect") }
    }

    deinit { _ = close(descriptor) }

    /// Sends all the bytes.
    func write(_ bytes: [UInt8], by deadline: ContinuousClock.Instant) throws {
        var rest = bytes[...]
        while !rest.isEmpty {
            try wait(for: Int16(POLLOUT), by: deadline, "write")
            let sent = unsafe rest.withUnsafeBytes {
                unsafe send(
                    descriptor, $0.baseAddress, $0.count,
                    Int32(MSG_NOSIGNAL) | Int32(MSG_DONTWAIT))
            }
            if sent < 0, errno == EAGAIN || errno == EINTR { continue }
            guard sent >= 0 else { throw Self.failure("send") }
            rest = rest.dropFirst(sent)
        }
    }

    /// Receives what has arrived, waiting for the first byte; empty at the end of the stream.
    func read(by deadline: ContinuousClock.Instant) throws -> [UInt8] {
        try wait(for: Int16(POLLIN), by: deadline, "read")
        var buffer = [UInt8](repeating: 0, count: 65_536)
        let count = unsafe buffer.withUnsafeMutableBytes {
            unsafe recv(descriptor, $0.baseAddress, $0.count, 0)
        }
        guard count >= 0 else { throw Self.failure("recv") }
        return Array(buffer.prefix(count))
    }

    /// Says that nothing more will be sent.
    func finishWriting() { _ = shutdown(descriptor, Int32(SHUT_WR)) }

    private func wait(
        for events: Int16, by deadline: ContinuousClock.Instant, _ what: String
    ) throws {
        var entry = pollfd(fd: descriptor, events: events, revents: 0)
        while true {
            let left = deadline - ContinuousClock.now
            guard left > .zero else { throw HTTPFailure(description: "\(what) timed out") }
            let milliseconds = Int32(clamping: Int(left / .milliseconds(1)) + 1)
            let ready = unsafe poll(&entry, 1, milliseconds)
            if ready > 0 { return }
            if ready < 0, errno != EINTR { throw Self.failure("poll") }
        }
    }

    private static func failure(_ call: String) -> HTTPFailure {
        HTTPFailure(description: "\(call) failed with error number \(errno)")
    }
}

/// Runs blocking work on a thread of its own.
enum BlockingThread {
    static func run<Value: Sendable>(
        _ body: @escaping @Sendable () throws -> Value
    ) async throws -> Value {
        try await withCheckedThrowingContinuation { continuation in
            let thread = Thread { continuation.resume(with: Result(catching: body)) }
            thread.stackSize = 1 << 20
            thread.start()
        }
    }
}
