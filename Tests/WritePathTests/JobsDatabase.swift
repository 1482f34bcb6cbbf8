import CatalogModel
import Embedded
import Logging
import Postgres
import Telemetry
import TestSupport

@testable import WritePath

/// A database of its own with the schema, and what the suites about jobs need around it.
struct JobsDatabase: Sendable {
    static let reactor = Result { try Reactor() }
    static let loaderThread = Result { try Reactor() }
    /// One task, so that tests which start together make the template once.
    private static let template = Task {
        try await PostgresCluster.shared().template("jobs") { try await makeSchema($0) }
    }

    let name: String
    let pool: Pool
    let observer: Observer
    let observations: AsyncStream<Observation>
    let queue: JobQueue
    let catalog: SourceCatalog

    init(poolSize: Int = 12) async throws {
        var configuration: PostgresConfiguration
        if StoreUnderTest.isPostgres {
            let cluster = try await PostgresCluster.shared()
            let dsn = try await cluster.makeDatabase(template: try await Self.template.value)
            configuration = try PostgresConfiguration(dsn: dsn)
        } else {
            configuration = PostgresConfiguration(
                embedded: try EmbeddedStore(path: try StoreUnderTest.makeFile()))
            try await Self.makeSchema(configuration)
        }
        configuration.connectTimeout = .seconds(30)
        name = configuration.database ?? ""
        pool = Pool(
            configuration: configuration, size: poolSize, reactor: try Self.reactor.get(),
            acquireTimeout: .seconds(30))
        let (stream, continuation) = AsyncStream.makeStream(of: Observation.self)
        observations = stream
        observer = Observer(
            logger: Logger(label: "jobs") { _ in SwiftLogNoOpLogHandler() },
            registry: MetricsRegistry(), listener: { continuation.yield($0) })
        queue = JobQueue(pool: pool, observer: observer)
        catalog = SourceCatalog(pool: pool)
    }

    private static func makeSchema(_ dsn: String) async throws {
        try await makeSchema(PostgresConfiguration(dsn: dsn))
    }

    private static func makeSchema(_ configuration: PostgresConfiguration) async throws {
        let migrator = Migrator(
            configuration: configuration, reactor: try reactor.get(),
            observer: Observer(
                logger: Logger(label: "jobs") { _ in SwiftLogNoOpLogHandler() },
                registry: MetricsRegistry()))
        _ = try await migrator.run()
    }

    // MARK: Looking

    /// The first value of the first row.
    func value(_ sql: String, _ parameters: [Parameter] = []) async throws -> String {
        let rows = try await pool.query(Statement(sql), parameters)
        return rows.isEmpty ? "" : rows.optionalString(0, 0) ?? ""
    }

    func change(_ sql: String, _ parameters: [Parameter] = []) async throws {
        _ = try await pool.withConnection { try await $0.query(Statement(sql), parameters) }
    }

    func revision(_ namespace: String = "default") async throws -> Int {
        Int(
            try await value(
                "SELECT revision FROM namespaces WHERE name = $1", [.text(namespace)])) ?? 0
    }

    /// Names and versions of a source's entities, such as `a:1 b:2`.
    func entities(_ source: String) async throws -> String {
        let rows = try await pool.query(
            "SELECT name || ':' || version FROM entities WHERE source = $1 ORDER BY name",
            [.text(source)])
        return try (0..<rows.count).map { try rows.string($0, 0) }.joined(separator: " ")
    }

    /// Returns once a session of this database waits for a lock.
    func waitForLockWait() async throws {
        let count = """
            SELECT count(*) FROM pg_stat_activity
            WHERE datname = current_database() AND wait_event_type = 'Lock'
            """
        while try await value(count) == "0" { await Task.yield() }
    }

    /// Ends the time for which finished jobs limit new ones.
    func age(_ seconds: Int64 = 3_600) async throws {
        try await change(
            "UPDATE refresh_jobs SET requested_at = requested_at - $1::bigint * interval '1 second'",
            [.int8(seconds)])
    }

    /// The next observation that the closure wants.
    func next<R>(_ wanted: (Observation) -> R?) async -> R? {
        for await observation in observations {
            if let result = wanted(observation) { return result }
        }
        return nil
    }

    // MARK: Acting

    func refresher() throws -> SourceRefresher {
        SourceRefresher(
            pool: pool, loader: SourceLoader(thread: try Self.loaderThread.get()),
            observer: observer)
    }

    /// Enqueues a refresh, claims it and runs it to its end on the spot.
    @discardableResult
    func refresh(_ plugin: String = "mcp", source: String = Job.allSources) async throws -> Job {
        _ = try await queue.enqueue(
            .default, plugin: plugin, source: source, requestedBy: Job.system)
        guard let job = try await queue.claim(worker: "t") else { throw Missing() }
        var ended: Job?
        do {
            let result = try await refresher().run(job) { false }
            ended = try await queue.finish(job, result)
        } catch let failure as JobFailure {
            ended = try await queue.fail(job, failure)
        }
        guard let ended else { throw Missing() }
        return ended
    }

    /// Configures inline sources of plugin mcp: the names of the servers of each source.
    @discardableResult
    func configure(_ sources: [(id: String, servers: String)]) async throws -> [String] {
        try await catalog.synchronize(Self.configuration(sources))
    }

    static func configuration(
        _ sources: [(id: String, servers: String)]
    ) throws -> SourcesConfiguration {
        var text = "apiVersion: catalog/v1alpha1\nkind: CatalogSources\ncatalogs:\n  mcp:\n"
        text += sources.isEmpty ? "    sources: []\n" : "    sources:\n"
        for source in sources {
            text += "      - id: \(source.id)\n        name: \(source.id)\n        type: yaml\n"
            text += "        labels: [L-\(source.id)]\n"
            text += "        properties:\n          content: |\n"
            for line in Self.catalog(source.servers) { text += "            \(line)\n" }
        }
        return try SourcesFile.parse(text, file: "/etc/catalog/sources.yaml")
    }

    /// `a b=text` gives two servers, the second with a description; `!` something unreadable.
    static func catalog(_ servers: String) -> [String] {
        if servers == "!" { return ["mcpservers: [{deploymentMode: 5}]"] }
        var lines = ["mcpservers:"]
        for server in servers.split(separator: " ") {
            let parts = server.split(separator: "=")
            lines.append("  - name: \(parts[0])")
            lines.append("    deploymentMode: local")
            if parts.count > 1 { lines.append("    description: \(parts[1])") }
        }
        return lines.count > 1 ? lines : ["mcpservers: []"]
    }

    struct Missing: Error {}
}
