import TestSupport
import Testing

extension LiveTests {
    @Suite("Certificates", .serialized, .timeLimit(.minutes(5)))
    struct CertificateTests {
        private static let request = Array(
            "GET /livez HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n".utf8)

        /// Whether a new connection gets an answer from a client that believes one certificate.
        private func isServed(_ server: SecureServer, _ pair: CertificatePair) async throws -> Bool
        {
            let socket = SecureSocket(port: server.process.port, trusted: pair.certificate)
            let outcome = try await socket.raw(Self.request, timeout: .seconds(5))
            return Transcript.normalised(outcome.received).hasPrefix("HTTP/1.1 200 OK")
        }

        private func until(_ what: String, _ condition: () async throws -> Bool) async throws {
            let end = ContinuousClock.now + .seconds(20)
            while try await !condition() {
                try #require(ContinuousClock.now < end, "\(what)")
                try await Task.sleep(for: .milliseconds(50))
            }
        }

        private func observed(_ server: SecureServer, _ event: String) async throws -> Double {
            let text = try await server.http1.get("/metrics").text
            return MetricsText.sum(
                of: "catalog_observations_total", labels: ["event": event], in: text) ?? 0
        }

        @Test("changed files are taken over when they are good together, and only then")
        func reload() async throws {
            let files = try await CertificatePair.make(named: "in use")
            let first = try await CertificatePair.make(named: "first")
            let second = try await CertificatePair.make(named: "second")
            try files.replace(with: first)
            // The client believes the first certificate, and keeps its connection.
            let server = try await SecureServer.start(
                files, mode: "bytes", dsn: try await LaneServers.get().bytes.dsn)
            #expect(try await isServed(server, first))
            #expect(try await !isServed(server, second))
            #expect(try await server.http1.get("/livez").status == 200)

            // The certificate of one with the key of the other.
            try CertificatePair.copy(second.certificate, to: files.certificate)
            try await until("a broken pair is not noticed") {
                try await observed(server, "certificate_refused") == 1
            }
            #expect(try await isServed(server, first))
            #expect(try await !isServed(server, second))

            try CertificatePair.copy(second.key, to: files.key)
            try await until("a good pair is not taken over") { try await isServed(server, second) }
            #expect(try await !isServed(server, first))
            #expect(try await observed(server, "certificate_replaced") == 1)
            // A connection that was there goes on with what it has.
            #expect(try await server.http1.get("/livez").status == 200)
            #expect(try await server.process.terminate() == 0)
        }
    }
}
