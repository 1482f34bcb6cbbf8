import CLinux
import Glibc

/// What a call that moves bytes came to.
package enum Transfer: Sendable, Hashable {
    /// So many bytes have been moved, at least one.
    case bytes(Int)
    /// Nothing can be moved at present.
    case notNow
    /// The peer sends nothing any more.
    case ended
    /// The connection is broken.
    case failed
}

/// What asking for a new connection came to.
package enum Acceptance: Sendable, Hashable {
    /// A connection, non-blocking and without delays; the caller closes it.
    case connection(Int32)
    /// Nobody waits.
    case nobody
    /// One that waited has gone away.
    case gone
    /// The system has no descriptors or no memory at present.
    case exhausted
}

/// Calls of the system on non-blocking stream sockets, given by descriptor; none of them waits.
///
/// Whoever holds a descriptor closes it once. Nothing here allocates. Any thread.
package enum SocketCall {
    /// Takes the next connection that waits at a listening socket.
    package static func accept(_ listener: Int32) -> Acceptance {
        let descriptor = catalog_accept(listener)
        guard descriptor < 0 else {
            setNoDelay(descriptor)
            return .connection(descriptor)
        }
        switch errno {
        case EAGAIN: return .nobody
        case EMFILE, ENFILE, ENOBUFS, ENOMEM: return .exhausted
        default: return .gone
        }
    }

    /// Answers leave at once; a socket that cannot do this sends all the same.
    private static func setNoDelay(_ descriptor: Int32) {
        var on: Int32 = 1
        _ = unsafe setsockopt(
            descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &on, socklen_t(MemoryLayout<Int32>.size))
    }

    /// Reads into a buffer from a place on, at most to its end.
    package static func receive(
        _ descriptor: Int32, into buffer: inout [UInt8], from start: Int
    ) -> Transfer {
        precondition(start >= 0 && start < buffer.count, "there is room to read into")
        let count = unsafe buffer.withUnsafeMutableBytes { bytes in
            retrying {
                unsafe recv(
                    descriptor, bytes.baseAddress.map { unsafe $0 + start }, bytes.count - start,
                    0)
            }
        }
        return count == 0 ? .ended : outcome(count)
    }

    /// Sends the beginning of some bytes, as much as there is room for.
    package static func send(_ descriptor: Int32, _ bytes: RawSpan) -> Transfer {
        precondition(!bytes.isEmpty, "there is something to send")
        let count = unsafe bytes.withUnsafeBytes { bytes in
            retrying {
                unsafe Glibc.send(
                    descriptor, bytes.baseAddress, bytes.count, catalog_send_no_signal)
            }
        }
        return outcome(count)
    }

    /// Sends the beginning of two pieces as if they were one.
    package static func send(_ descriptor: Int32, _ first: RawSpan, _ second: RawSpan) -> Transfer {
        precondition(!first.isEmpty || !second.isEmpty, "there is something to send")
        let count = unsafe first.withUnsafeBytes { first in
            unsafe second.withUnsafeBytes { second in
                // The library does not write through these addresses.
                let pieces: InlineArray<2, iovec> = unsafe [
                    iovec(
                        iov_base: UnsafeMutableRawPointer(mutating: first.baseAddress),
                        iov_len: first.count),
                    iovec(
                        iov_base: UnsafeMutableRawPointer(mutating: second.baseAddress),
                        iov_len: second.count),
                ]
                return unsafe pieces.span.withUnsafeBufferPointer { pieces in
                    var message = unsafe msghdr()
                    unsafe message.msg_iov = UnsafeMutablePointer(mutating: pieces.baseAddress)
                    unsafe message.msg_iovlen = pieces.count
                    return retrying {
                        unsafe sendmsg(descriptor, &message, catalog_send_no_signal)
                    }
                }
            }
        }
        return outcome(count)
    }

    /// Says that nothing more will be sent.
    package static func endOutput(_ descriptor: Int32) {
        _ = shutdown(descriptor, catalog_end_of_output)
    }

    /// Gives a descriptor back to the system.
    package static func close(_ descriptor: Int32) { _ = Glibc.close(descriptor) }

    /// Another descriptor of the same socket; nil when the system has none.
    package static func duplicate(_ descriptor: Int32) -> Int32? {
        let copy = fcntl(descriptor, F_DUPFD_CLOEXEC, 0)
        return copy < 0 ? nil : copy
    }

    /// The bytes of the peer's IP address in network order, 4 or 16; nil for any other peer.
    package static func peerAddress(_ descriptor: Int32) -> [UInt8]? {
        var storage = sockaddr_storage()
        var size = socklen_t(MemoryLayout<sockaddr_storage>.size)
        return unsafe withUnsafeMutableBytes(of: &storage) { bytes -> [UInt8]? in
            guard let start = bytes.baseAddress,
                unsafe getpeername(
                    descriptor, start.assumingMemoryBound(to: sockaddr.self), &size) == 0
            else { return nil }
            switch unsafe Int32(start.load(as: sockaddr.self).sa_family) {
            case AF_INET:
                let address = unsafe start.load(as: sockaddr_in.self).sin_addr
                return unsafe withUnsafeBytes(of: address) { unsafe Array($0) }
            case AF_INET6:
                let address = unsafe start.load(as: sockaddr_in6.self).sin6_addr
                return unsafe withUnsafeBytes(of: address) { unsafe Array($0) }
            default: return nil
            }
        }
    }

    private static func outcome(_ count: Int) -> Transfer {
        if count > 0 { return .bytes(count) }
        return errno == EAGAIN ? .notNow : .failed
    }

    /// Repeats a call that a signal has interrupted.
    private static func retrying(_ call: () -> Int) -> Int {
        while true {
            let count = call()
            if count >= 0 || errno != EINTR { return count }
        }
    }
}
