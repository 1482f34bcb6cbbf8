import Postgres
import TestSupport
import Testing

/// `sslmode` means what it means to libpq: these tests show that it reaches libpq and takes effect.
@Suite(.serialized) struct `Encrypted connections` {
    private static let server = Task {
        let cluster = try await PostgresCluster.separate()
        return (cluster: cluster, tls: try await cluster.serveTLS())
    }

    private func attempt(_ settings: String) async throws -> Connection {
        let port = try await Self.server.value.tls.port
        let configuration = try PostgresConfiguration(
            dsn: "hostaddr=127.0.0.1 port=\(port) dbname=postgres user=postgres \(settings)")
        return try await Connection.connect(configuration, reactor: Database.reactor.get())
    }

    private func isEncrypted(_ connection: Connection) async throws -> Bool {
        try await connection.query("SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()")
            .bool(0, 0)
    }

    @Test func `require encrypts, disable does not`() async throws {
        let secret = try await attempt("host=localhost sslmode=require")
        #expect(try await isEncrypted(secret))
        await secret.close()
        let open = try await attempt("host=localhost sslmode=disable")
        #expect(try await !isEncrypted(open))
        await open.close()
    }

    @Test func `verify-full accepts the certificate of the named host only`() async throws {
        let root = try await Self.server.value.tls.certificate
        let known = try await attempt("host=localhost sslmode=verify-full sslrootcert=\(root)")
        #expect(try await isEncrypted(known))
        await known.close()
        let wrongName = await Database.failure {
            try await attempt("host=elsewhere.test sslmode=verify-full sslrootcert=\(root)")
        }
        #expect(wrongName?.code == .connectFailed)
        let unknownRoot = await Database.failure {
            try await attempt("host=localhost sslmode=verify-full sslrootcert=/nonexistent.crt")
        }
        #expect(unknownRoot?.code == .connectFailed)
    }

    @Test func `pipelined statements and large values pass through`() async throws {
        let connection = try await attempt("host=localhost sslmode=require")
        let text = String(repeating: "x", count: 1 << 20)
        let rows = try await connection.pipeline(
            (0..<20).map { Query("SELECT $1::text || $2", [.text(text), .text("\($0)")]) })
        for (number, row) in rows.enumerated() {
            #expect(try row.string(0, 0) == text + "\(number)")
        }
        await connection.close()
    }
}
