import Foundation
import Synchronization

/// A relay before Postgres that can hold back one direction without telling anybody.
///
/// Sockets of the system on both sides: what is held back arrives late or never, as behind a
/// network that loses packets one way.
final class OneWayRelay: Sendable {
    enum Direction: Sendable, CaseIterable { case requests, answers }

    /// Where it is to be found, like the folder of a Postgres server.
    let folder: String
    private let target: String
    private let listening: Int32
    private let held = Mutex<Direction?>(nil)
    private let change = NSCondition()
    private let isOver = Atomic<Bool>(false)

    /// Leads to the server whose socket lies in a folder.
    init(to folder: String) throws {
        target = "\(folder)/.s.PGSQL.5432"
        self.folder = "/tmp/relay-\(getpid())-\(UInt32.random(in: 0 ... .max))"
        try FileManager.default.createDirectory(
            atPath: self.folder, withIntermediateDirectories: false)
        listening = Self.socketOfSystem()
        let path = "\(self.folder)/.s.PGSQL.5432"
        let isBound = unsafe Self.withAddress(path) { unsafe bind(listening, $0, $1) } == 0
        guard isBound, listen(listening, 128) == 0 else {
            throw CocoaError(.fileWriteUnknown)
        }
        Thread { [weak self, listening] in
            while true {
                let client = accept(listening, nil, nil)
                guard client >= 0, let self, !self.isOver.load(ordering: .relaxed) else { return }
                self.relay(client)
            }
        }.start()
    }

    /// What is held back at present.
    var holds: Direction? {
        get { held.withLock { $0 } }
        set {
            change.withLock {
                held.withLock { $0 = newValue }
                change.broadcast()
            }
        }
    }

    /// Ends the relay; its connections end with it.
    func stop() {
        isOver.store(true, ordering: .relaxed)
        holds = nil
        _ = shutdown(listening, Int32(SHUT_RDWR))
        _ = close(listening)
        try? FileManager.default.removeItem(atPath: folder)
    }

    private func relay(_ client: Int32) {
        let server = Self.socketOfSystem()
        guard unsafe Self.withAddress(target, { unsafe connect(server, $0, $1) }) == 0 else {
            _ = close(client)
            _ = close(server)
            return
        }
        // Both descriptors are closed by the direction that ends last.
        let ends = EndCount()
        for (from, to, direction) in [
            (client, server, Direction.requests), (server, client, .answers),
        ] {
            Thread { [self] in
                pass(from, to, direction)
                _ = shutdown(from, Int32(SHUT_RDWR))
                _ = shutdown(to, Int32(SHUT_RDWR))
                guard ends.addOne() == 2 else { return }
                _ = close(from)
                _ = close(to)
            }.start()
        }
    }

    private func pass(_ from: Int32, _ to: Int32, _ direction: Direction) {
        var buffer = [UInt8](repeating: 0, count: 16_384)
        while !isOver.load(ordering: .relaxed) {
            let count = unsafe buffer.withUnsafeMutableBytes {
                unsafe read(from, $0.baseAddress, $0.count)
            }
            guard count > 0 else { return }
            change.withLock { while holds == direction { change.wait() } }
            var sent = 0
            while sent < count {
                let more = unsafe buffer.withUnsafeBytes {
                    unsafe send(
                        to, $0.baseAddress?.advanced(by: sent), count - sent, Int32(MSG_NOSIGNAL))
                }
                guard more > 0 else { return }
                sent += more
            }
        }
    }

    private final class EndCount: Sendable {
        private let count = Atomic<Int>(0)

        func addOne() -> Int { count.wrappingAdd(1, ordering: .acquiringAndReleasing).newValue }
    }

    private static func socketOfSystem() -> Int32 {
        socket(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    }

    private static func withAddress(
        _ path: String, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Int32
    ) -> Int32 {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        unsafe withUnsafeMutableBytes(of: &address.sun_path) {
            unsafe $0.copyBytes(from: path.utf8)
        }
        return unsafe withUnsafePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe body($0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
    }
}
