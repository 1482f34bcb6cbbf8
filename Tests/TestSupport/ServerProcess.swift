package import CatalogModel
import Foundation
import Synchronization

/// A catalog server in a process of its own, with its log and a client.
///
/// It is killed and its cache folder removed when the tests' process ends, however that happens.
package final class ServerProcess: Sendable {
    /// How a server is started.
    package struct Options: Sendable {
        /// Settings on top of, or instead of, the usual ones; an empty value removes one.
        package var environment: [String: String]
        /// The sources file; the project's sample sources where none is given.
        package var sources: String?
        /// The database; a new one where none is given.
        package var dsn: String?
        /// The cache folder; a new one where none is given.
        package var cacheDirectory: String?
        /// Who the requests of its clients come from.
        var caller = Caller.plain

        package init(
            environment: [String: String] = [:], sources: String? = nil, dsn: String? = nil,
            cacheDirectory: String? = nil
        ) {
            self.environment = environment
            self.sources = sources
            self.dsn = dsn
            self.cacheDirectory = cacheDirectory
        }
    }

    private struct State {
        var run: ServerRun
        var port = 0
    }

    package let dsn: String
    package let cacheDirectory: String
    private let environment: [String: String]
    private let caller: Caller
    private let state: Mutex<State>

    private init(
        dsn: String, cacheDirectory: String, environment: [String: String], caller: Caller,
        run: ServerRun
    ) {
        self.dsn = dsn
        self.cacheDirectory = cacheDirectory
        self.environment = environment
        self.caller = caller
        state = Mutex(State(run: run))
    }

    deinit { state.withLock { $0.run.signal(SIGKILL) } }

    // MARK: Start

    /// Starts a server and waits until it is ready.
    package static func ready(_ options: Options = Options()) async throws -> ServerProcess {
        let server = try await start(options)
        try await server.waitUntilReady()
        return server
    }

    /// Starts a server and waits until it listens, or fails with its log when it exits before.
    package static func start(_ options: Options = Options()) async throws -> ServerProcess {
        let server = try await launch(options)
        try await server.learnPort()
        return server
    }

    /// Starts a server and waits for nothing; `port` and `client` mean nothing yet.
    package static func launch(_ options: Options = Options()) async throws -> ServerProcess {
        var dsn = options.dsn
        if dsn == nil, !options.environment.keys.contains("CATALOG_DATABASE_FILE") {
            switch StoreUnderTest.current {
            case .postgres: dsn = try await PostgresCluster.shared().makeDatabase()
            case .sqlite: dsn = StoreUnderTest.prefix + (try StoreUnderTest.makeFile())
            }
        }
        let folder = try options.cacheDirectory ?? ServerFiles.temporaryFolder()
        var environment = ProcessInfo.processInfo.environment.filter {
            !$0.key.hasPrefix("CATALOG_") && !$0.key.hasPrefix("DATABASE_")
                && !$0.key.hasPrefix("KUBERNETES_")
        }
        if let dsn, dsn.hasPrefix(StoreUnderTest.prefix) {
            environment["CATALOG_DATABASE_FILE"] = String(
                dsn.dropFirst(StoreUnderTest.prefix.count))
        } else {
            environment["DATABASE_DSN"] = dsn
        }
        environment["CATALOG_CACHE_DIR"] = folder
        environment["CATALOG_LISTEN"] = "127.0.0.1:0"
        environment["CATALOG_SOURCES"] = options.sources ?? ServerFiles.sampleSources
        environment.merge(options.environment) { $1 }
        environment = environment.filter { !$0.value.isEmpty }
        let run = try ServerRun(environment: environment, cacheDirectory: folder)
        return ServerProcess(
            dsn: dsn ?? "", cacheDirectory: folder, environment: environment,
            caller: options.caller, run: run)
    }

    private func learnPort() async throws {
        let line = try await waitForLine(from: 0, within: .seconds(60)) {
            $0["message"]?.stringValue == "listening"
        }
        let address = line.value(at: "metadata.address")?.stringValue ?? ""
        guard let last = address.split(separator: ":").last, let port = Int(last) else {
            throw failure("no port in the address \(address)")
        }
        state.withLock { $0.port = port }
    }

    /// Waits until the server says that it is ready; fails at once when it exits.
    package func waitUntilReady(within timeout: Duration = .seconds(60)) async throws {
        let end = ContinuousClock.now + timeout
        var last = "no answer"
        while ContinuousClock.now < end {
            guard isRunning else { throw failure("the server has exited") }
            if let response = try? await client.get("/readyz") {
                if response.status == 200 { return }
                last = response.text
            }
            try await Task.sleep(for: .milliseconds(20))
        }
        throw failure("the server is not ready: \(last)")
    }

    // MARK: Requests

    package var port: Int { state.withLock { $0.port } }

    package var client: HTTPClient { HTTPClient(port: port, caller: caller) }

    /// The sum of the series of a metric that have the given labels; nil when there is none.
    package func metric(_ name: String, _ labels: [String: String] = [:]) async throws -> Double? {
        let response = try await client.get("/metrics")
        guard response.status == 200 else { throw failure("/metrics: \(response.status)") }
        return MetricsText.sum(of: name, labels: labels, in: response.text)
    }

    // MARK: Log

    /// Every log line that is JSON, of the current run.
    package var logLines: [JSONValue] { run.log.lines }

    /// Everything that an ended server has written, also what is not JSON.
    package func completeLog() async -> String {
        _ = await run.log.first(from: .max, within: .seconds(5)) { _ in false }
        return run.log.texts.joined(separator: "\n")
    }

    /// The first line of the current run that matches, waiting for it if need be.
    @discardableResult
    package func waitForLine(
        from index: Int = 0, within timeout: Duration = .seconds(30),
        where matches: @escaping @Sendable (JSONValue) -> Bool
    ) async throws -> JSONValue {
        let line = await run.log.first(from: index, within: timeout, where: matches)
        guard let line else { throw failure("the awaited log line has not come") }
        return line
    }

    // MARK: Life and death

    package var processIdentifier: Int32 { run.processIdentifier }

    package var isRunning: Bool { run.isRunning }

    /// Waits until the process has ended; returns its status, or the negative signal.
    package func waitForExit(within timeout: Duration = .seconds(40)) async throws -> Int32 {
        guard let status = await run.exitStatus(within: timeout) else {
            throw failure("the server has not exited")
        }
        return status
    }

    /// Asks the server to stop and waits for its end; returns its exit status.
    @discardableResult
    package func terminate() async throws -> Int32 {
        run.signal(SIGTERM)
        return try await waitForExit()
    }

    /// Ends the server at once, as a crash would.
    package func kill() async throws {
        run.signal(SIGKILL)
        _ = try await waitForExit()
    }

    /// Starts the ended server again, with the same settings and cache, on another port.
    package func restart() async throws {
        if isRunning { try await terminate() }
        let next = try ServerRun(environment: environment, cacheDirectory: cacheDirectory)
        state.withLock { $0 = State(run: next) }
        try await learnPort()
    }

    /// Stops the process where it stands, until `resume`.
    package func pause() { run.signal(SIGSTOP) }

    package func resume() { run.signal(SIGCONT) }

    private var run: ServerRun { state.withLock { $0.run } }

    private func failure(_ what: String) -> HTTPFailure {
        let tail = run.log.texts.suffix(15).joined(separator: "\n")
        return HTTPFailure(description: "\(what); the end of its log:\n\(tail)")
    }
}
