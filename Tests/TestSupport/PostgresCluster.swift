import Foundation
import Synchronization

/// A throw-away Postgres server on a Unix socket in a temporary folder, one per test process.
///
/// It is stopped and deleted when the process ends, however that happens.
package actor PostgresCluster {
    package struct Failure: Error, CustomStringConvertible {
        package let description: String
    }

    private static let starting = Task { try await PostgresCluster.launch() }

    /// Folder of the server's programs.
    package nonisolated let bin: String
    /// Folder of the socket and the data.
    package nonisolated let folder: String
    /// Options of the server's command line beyond the usual ones.
    private var moreOptions = ""
    private var nextDatabase = 0
    private var snapshots: [String: String] = [:]

    private init(bin: String, folder: String) {
        self.bin = bin
        self.folder = folder
    }

    /// The server of this process, started on first use.
    package static func shared() async throws -> PostgresCluster { try await starting.value }

    /// A second server for tests that stop or restart it.
    package static func separate() async throws -> PostgresCluster { try await launch() }

    // MARK: Databases

    /// Connection string of a database.
    package nonisolated func dsn(_ database: String = "postgres") -> String {
        "host=\(folder) dbname=\(database) user=postgres"
    }

    /// Creates a database with a name of its own, from a template if given; returns its connection string.
    package func makeDatabase(template: String? = nil) async throws -> String {
        nextDatabase += 1
        let name = "test_\(nextDatabase)"
        let from = template.map { " TEMPLATE \"\($0)\"" } ?? ""
        try await sql("CREATE DATABASE \"\(name)\"\(from)")
        return dsn(name)
    }

    /// Creates a database, fills it once by the closure and returns its name for use as a template.
    package func template(
        _ key: String, prepare: @Sendable (_ dsn: String) async throws -> Void
    ) async throws -> String {
        if let known = snapshots[key] { return known }
        let name = "template_\(key)"
        try await sql("CREATE DATABASE \"\(name)\"")
        try await prepare(dsn(name))
        snapshots[key] = name
        return name
    }

    /// Runs SQL by psql and returns its unaligned output.
    @discardableResult
    package func sql(_ text: String, database: String = "postgres") async throws -> String {
        try await run(
            ["\(bin)/psql", "-XqAt", "-v", "ON_ERROR_STOP=1", "-c", text, dsn(database)])
    }

    /// Runs one of the server's programs, such as pg_dump, and returns what it printed.
    @discardableResult
    package func tool(_ name: String, _ arguments: [String]) async throws -> String {
        try await run(["\(bin)/\(name)"] + arguments)
    }

    /// Ends all sessions of a database, or of all databases.
    package func terminateBackends(database: String? = nil) async throws {
        let filter = database.map { " AND datname = '\($0)'" } ?? ""
        try await sql(
            "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity "
                + "WHERE pid <> pg_backend_pid() AND backend_type = 'client backend'\(filter)")
    }

    // MARK: Server

    package func start() async throws {
        let options =
            "-k \(folder) -c listen_addresses='' -c fsync=off -c synchronous_commit=off "
            + "-c full_page_writes=off -c max_connections=500 -c deadlock_timeout=100ms"
            + moreOptions
        try await control(["start", "-o", options, "-l", "\(folder)/log"])
    }

    /// Restarts the server with TLS on a port of the loopback; returns port and certificate file.
    ///
    /// The certificate is made for the occasion, signs itself and names `localhost` only.
    package func serveTLS() async throws -> (port: Int, certificate: String) {
        let port = Int.random(in: 20_000..<40_000)
        try await run([
            "openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2",
            "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost",
            "-keyout", "\(folder)/server.key", "-out", "\(folder)/server.crt",
        ])
        try await run(["chmod", "600", "\(folder)/server.key"])
        moreOptions =
            " -c listen_addresses=127.0.0.1 -p \(port) -c ssl=on"
            + " -c ssl_cert_file=\(folder)/server.crt -c ssl_key_file=\(folder)/server.key"
        try await restart()
        return (port, "\(folder)/server.crt")
    }

    /// Stops the server at once, as a crash would.
    package func stop() async throws { try await control(["stop", "-m", "immediate"]) }

    package func restart() async throws {
        try await stop()
        try await start()
    }

    /// Starts the server again as a standby that nobody feeds: it answers reads only.
    package func becomeStandby() async throws {
        try await stop()
        try await run(["touch", standbySignal])
        try await start()
    }

    /// Takes a base backup of the running server; returns its folder, for `restore`.
    package func backUp() async throws -> String {
        let target = "\(folder)/backup-\(UInt32.random(in: 0...UInt32.max))"
        try await run([
            "\(bin)/pg_basebackup", "-D", target, "-X", "stream", "-c", "fast", "-h", folder,
            "-U", "postgres",
        ])
        return target
    }

    /// Stops the server and starts it with the data of a base backup.
    package func restore(_ backup: String) async throws {
        try await stop()
        try await run(["rm", "-rf", "\(folder)/data"])
        try await run(["cp", "-a", backup, "\(folder)/data"])
        try await start()
    }

    /// Makes the standby a primary.
    package func promote() async throws { try await control(["promote"]) }

    private var standbySignal: String { "\(folder)/data/standby.signal" }

    private func control(_ arguments: [String]) async throws {
        // The server would inherit the descriptor by which `Process` notices the end of pg_ctl.
        let withoutDescriptors = """
            for path in /proc/$BASHPID/fd/*; do
                number=${path##*/}
                if [ "$number" -gt 2 ]; then eval "exec $number>&-"; fi
            done
            exec "$@"
            """
        try await run(
            ["bash", "-c", withoutDescriptors, "control", "\(bin)/pg_ctl", "-w"]
                + ["-D", "\(folder)/data"] + arguments)
    }

    /// Stops the server in good order: sessions are ended, everything is written.
    package func stopInOrder() async throws { try await control(["stop", "-m", "fast"]) }

    /// The Unix socket on which the server listens.
    package nonisolated var socketPath: String { "\(folder)/.s.PGSQL.5432" }

    /// A standby that follows a server of this machine through a port of the loopback.
    package static func standby(ofPort port: Int) async throws -> PostgresCluster {
        let cluster = try await prepare()
        try await cluster.run([
            "\(cluster.bin)/pg_basebackup", "-h", "127.0.0.1", "-p", String(port), "-U", "postgres",
            "-R", "-X", "stream", "-c", "fast", "-D", "\(cluster.folder)/data",
        ])
        try await cluster.start()
        return cluster
    }

    private static func launch() async throws -> PostgresCluster {
        let cluster = try await prepare()
        try await cluster.run([
            "\(cluster.bin)/initdb", "-A", "trust", "-U", "postgres", "-N", "--no-instructions",
            "-E", "UTF8", "--locale=C.UTF-8", "-D", "\(cluster.folder)/data",
        ])
        try await cluster.start()
        return cluster
    }

    /// Makes the folder of a server and sees to its removal; there is no data yet.
    private static func prepare() async throws -> PostgresCluster {
        let bin = try findBinaries()
        let folder = "/tmp/pg-\(getpid())-\(UInt32.random(in: 0...UInt32.max))"
        try FileManager.default.createDirectory(
            atPath: folder, withIntermediateDirectories: false,
            attributes: [.posixPermissions: 0o755])
        let cluster = PostgresCluster(bin: bin, folder: folder)
        if getuid() == 0 {
            try await cluster.run(["chown", "postgres", folder], unprivileged: false)
        }
        try await cluster.watch()
        return cluster
    }

    /// Starts the process that removes the server once this one has gone.
    private func watch() throws {
        let script = """
            while kill -0 \(getpid()) 2>/dev/null; do sleep 0.5; done
            if [ -f \(folder)/data/postmaster.pid ]; then
                kill -QUIT $(head -n 1 \(folder)/data/postmaster.pid) 2>/dev/null
                sleep 0.5
            fi
            rm -rf \(folder)
            """
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/setsid")
        process.arguments = ["/bin/sh", "-c", script]
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        try process.run()
    }

    private static func findBinaries() throws -> String {
        let versions = "/usr/lib/postgresql"
        let installed = (try? FileManager.default.contentsOfDirectory(atPath: versions)) ?? []
        let newestFirst = installed.sorted { (Int($0) ?? 0) > (Int($1) ?? 0) }
        let candidates =
            newestFirst.map { "\(versions)/\($0)/bin" }
            + ["/usr/local/pgsql/bin", "/usr/local/bin", "/usr/bin"]
        let found = candidates.first {
            FileManager.default.isExecutableFile(atPath: "\($0)/initdb")
        }
        guard let found else { throw Failure(description: "no Postgres server is installed") }
        return found
    }

    // MARK: Processes

    /// Runs a program to its end, as an unprivileged user; throws with its output when it fails.
    @discardableResult
    private func run(_ command: [String], unprivileged: Bool = true) async throws -> String {
        var arguments = command
        if unprivileged, getuid() == 0 {
            arguments =
                ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"] + command
        }
        let output = "\(folder)/output-\(UInt32.random(in: 0...UInt32.max))"
        _ = FileManager.default.createFile(atPath: output, contents: nil)
        defer { try? FileManager.default.removeItem(atPath: output) }
        // A file, not a pipe: the server inherits it and would keep a pipe open.
        let handle = try FileHandle(forWritingTo: URL(fileURLWithPath: output))
        // `Process` keeps what it was given for as long as this process lives.
        defer { try? handle.close() }
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = arguments
        process.currentDirectoryURL = URL(fileURLWithPath: "/")
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = handle
        process.standardError = handle
        let status: Int32 = try await withCheckedThrowingContinuation { continuation in
            process.terminationHandler = { continuation.resume(returning: $0.terminationStatus) }
            do {
                try process.run()
            } catch {
                process.terminationHandler = nil
                continuation.resume(throwing: error)
            }
        }
        let text = (try? String(contentsOfFile: output, encoding: .utf8)) ?? ""
        guard status == 0 else {
            throw Failure(description: "\(command[0]) failed: \(text)")
        }
        return text.trimmingCharacters(in: .whitespacesAndNewlines)
    }
}
