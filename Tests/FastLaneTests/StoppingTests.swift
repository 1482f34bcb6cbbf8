import NIOCore
import NIOHTTP1
import NIOPosix
import Synchronization
import TestSupport
import Testing

extension LiveTests {
    @Suite("A server that stops under load", .serialized, .timeLimit(.minutes(5)))
    struct StoppingTests {
        private static let clients = 8

        private func expectCleanEnd(
            _ server: ServerProcess, _ answered: AnswerCount,
            _ work: @escaping @Sendable () async throws -> Void
        ) async throws {
            let status = try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<Self.clients { group.addTask { try await work() } }
                while answered.value < 300 { await Task.yield() }
                let status = try await server.terminate()
                try await group.waitForAll()
                return status
            }
            #expect(status == 0)
        }

        @Test(
            "every request is answered, and the last answer says that it is",
            arguments: ["bytes", "off"])
        func plain(mode: String) async throws {
            let servers = try await LaneServers.get()
            let server = try await ServerProcess.ready(
                .init(
                    environment: [
                        "CATALOG_FAST_LANE": mode, "CATALOG_TENANCY_MODE": "namespace",
                    ], dsn: servers.bytes.dsn))
            let target = "\(servers.paths[0])?namespace=default"
            let answered = AnswerCount()
            try await expectCleanEnd(server, answered) {
                let connection = try await server.client.connect()
                // A connection that ended without a word would throw.
                while !connection.isAtEnd {
                    let answer = try await connection.get(target)
                    #expect(answer.status == 200 && answer.text.hasSuffix("\n"))
                    answered.increment()
                }
            }
        }

        @Test("every request over TLS is answered")
        func secure() async throws {
            let servers = try await LaneServers.get()
            let server = try await SecureServer.start(
                try await CertificatePair.make(), mode: "bytes", dsn: servers.bytes.dsn)
            let target = "\(servers.paths[0])?namespace=default"
            let answered = AnswerCount()
            try await expectCleanEnd(server.process, answered) {
                while true {
                    do {
                        let answer = try await server.http1.get(target)
                        #expect(answer.status == 200 && answer.text.hasSuffix("\n"))
                        answered.increment()
                    } catch {
                        // Told that its connection ends, the client wanted another.
                        #expect(Self.isRefusedConnection(error), "\(error)")
                        return
                    }
                }
            }
        }

        /// The server's log tells that what failed was never begun.
        ///
        /// For once it is told to go, this client ends the connection by itself with requests for
        /// which it has opened no stream yet, and is refused those that it opens too late.
        @Test("every request by HTTP/2 is answered or never begun")
        func streams() async throws {
            let servers = try await LaneServers.get()
            let server = try await SecureServer.start(
                try await CertificatePair.make(), mode: "bytes", dsn: servers.bytes.dsn)
            let target = "\(servers.paths[0])?namespace=default"
            let (answered, asked) = (AnswerCount(), AnswerCount())
            let failed = Mutex<[String]>([])
            try await expectCleanEnd(server.process, answered) {
                while true {
                    let id = "stream-\(asked.next())"
                    do {
                        let answer = try await server.http2.get(target, [("X-Request-ID", id)])
                        #expect(answer.status == 200 && answer.text.hasSuffix("\n"))
                        #expect(answer.version == .http2 && answer.headers["X-Request-ID"] == [id])
                        answered.increment()
                    } catch {
                        failed.withLock { $0.append(id) }
                        return
                    }
                }
            }
            let log = await server.process.completeLog()
            #expect(log.contains("\"stream-1\""))
            for id in failed.withLock({ $0 }) { #expect(!log.contains("\"\(id)\""), "\(id)") }
        }

        /// Whether no connection was there any more, so that no request can have been sent.
        private static func isRefusedConnection(_ error: any Error) -> Bool {
            if let error = error as? NIOConnectionError {
                return error.connectionErrors.allSatisfy {
                    ($0.error as? IOError)?.errnoCode == ECONNREFUSED
                }
            }
            return (error as? IOError)?.errnoCode == ECONNREFUSED
        }
    }
}

/// Answers that several clients have received.
final class AnswerCount: Sendable {
    private let count = Atomic<Int>(0)

    var value: Int { count.load(ordering: .relaxed) }

    func increment() { count.add(1, ordering: .relaxed) }

    /// The next number.
    func next() -> Int { count.add(1, ordering: .relaxed).newValue }
}
