import CatalogModel
import Foundation
import Invalidation
import Postgres
import Synchronization
import TestSupport
import Testing
import Upstream

/// A store, and one feed that tells of it through a relay that can break.
///
/// Everything is real: the store is a Postgres, the upstream a server in a process of its own.
final class FeedSite: Sendable {
    /// Which feed it is.
    enum Kind: String, CaseIterable, Sendable {
        case postgres, upstream
    }

    /// One site of each kind for tests that break nothing; each takes namespaces of its own.
    static func shared(_ kind: Kind) async throws -> FeedSite {
        switch kind {
        case .postgres: try await postgres.value
        case .upstream: try await upstream.value
        }
    }

    private static let postgres = Task { try await FeedSite.make(.postgres) }
    private static let upstream = Task { try await FeedSite.make(.upstream) }
    private static let lastNamespace = Atomic<Int>(0)
    private static let template = Task {
        try await PostgresCluster.shared().template("conformance") { dsn in
            try await server(on: dsn).terminate()
        }
    }

    let kind: Kind
    let feed: any ChangeFeed & ChangeLog
    /// The way from the feed to what it reads from.
    let relay: TCPProxy
    let writer: Connection
    private let seen = Mutex<[FeedSignal]>([])
    private let server: ServerProcess?
    private let pool: Pool?
    private let tasks = Mutex<[Task<Void, Never>]>([])

    private init(
        _ kind: Kind, feed: any ChangeFeed & ChangeLog, relay: TCPProxy, writer: Connection,
        server: ServerProcess?, pool: Pool?
    ) {
        self.kind = kind
        self.feed = feed
        self.relay = relay
        self.writer = writer
        self.server = server
        self.pool = pool
    }

    static func make(_ kind: Kind) async throws -> FeedSite {
        let cluster = try await PostgresCluster.shared()
        let dsn = try await cluster.makeDatabase(template: template.value)
        let writer = try await FeedDatabase.connect(dsn)
        switch kind {
        case .postgres:
            let relay = try await TCPProxy.start(to: .path(cluster.socketPath))
            let database = dsn.split(separator: " ").first { $0.hasPrefix("dbname=") } ?? ""
            let configuration = try PostgresConfiguration(
                dsn: "host=127.0.0.1 port=\(relay.port) \(database) user=postgres")
            let reactor = try Replica.reactor.get()
            let pool = Pool(configuration: configuration, size: 4, reactor: reactor)
            let feed = PostgresFeed(pool: pool, configuration: configuration, reactor: reactor)
            let site = FeedSite(
                kind, feed: feed, relay: relay, writer: writer, server: nil, pool: pool)
            site.start { await feed.listen(onJob: {}) }
            return site
        case .upstream:
            let server = try await server(on: dsn)
            let relay = try await TCPProxy.start(to: .port(server.port))
            let feed = UpstreamFeed(url: "http://127.0.0.1:\(relay.port)", name: "fed")
            let site = FeedSite(
                kind, feed: feed, relay: relay, writer: writer, server: server, pool: nil)
            site.start { await feed.listen() }
            return site
        }
    }

    private static func server(on dsn: String) async throws -> ServerProcess {
        let sources = "\(try ServerFiles.temporaryFolder())/sources.yaml"
        try "apiVersion: catalog/v1alpha1\nkind: CatalogSources\ncatalogs: {}\n"
            .write(toFile: sources, atomically: true, encoding: .utf8)
        return try await ServerProcess.ready(
            ServerProcess.Options(
                environment: ["CATALOG_TENANCY_MODE": "namespace"], sources: sources, dsn: dsn))
    }

    private func start(_ listen: @escaping @Sendable () async -> Void) {
        let signals = feed.signals
        tasks.withLock { tasks in
            tasks.append(Task { await listen() })
            tasks.append(
                Task { [weak self] in
                    for await signal in signals { self?.seen.withLock { $0.append(signal) } }
                })
        }
    }

    /// Ends the feed; returns when its signals have ended.
    func stop() async {
        switch feed {
        case let feed as PostgresFeed: feed.stop()
        case let feed as UpstreamFeed: feed.stop()
        default: break
        }
        for task in tasks.withLock({ $0 }) { await task.value }
        pool?.shutdown()
        await writer.close()
        _ = try? await server?.terminate()
    }

    // MARK: Signals

    var signals: [FeedSignal] { seen.withLock { $0 } }

    /// Waits until one of the signals from a number on is as wanted; returns the number after it.
    @discardableResult
    func signal(
        from start: Int = 0, _ what: String, isWanted: (FeedSignal) -> Bool
    ) async throws -> Int {
        try await eventually(what) {
            signals.dropFirst(start).firstIndex { isWanted($0) }.map { $0 + 1 }
        }
    }

    // MARK: The store

    func run(_ script: String) async throws { try await writer.execute(script: script) }

    /// A namespace that does not exist yet.
    func namespace() throws -> Namespace {
        let number = Self.lastNamespace.add(1, ordering: .relaxed).newValue
        return try Namespace("tenant-\(number)")
    }

    /// Inserts or replaces some servers in one statement.
    func put(
        _ names: ClosedRange<Int>, _ text: String = "x", in namespace: Namespace
    ) async throws {
        try await run(
            """
            INSERT INTO entities (namespace, plugin, kind, source, name, doc)
            SELECT '\(namespace.name)', 'mcp', 'McpServer', 'api', 'server-' || n,
                jsonb_build_object('name', 'server-' || n, 'description', '\(text)')
            FROM generate_series(\(names.lowerBound), \(names.upperBound)) n
            ON CONFLICT (namespace, plugin, kind, source, name) DO UPDATE SET doc = EXCLUDED.doc
            """)
    }

    func delete(_ name: String, in namespace: Namespace) async throws {
        try await run(
            "DELETE FROM entities WHERE namespace = '\(namespace.name)' AND name = '\(name)'")
    }

    /// Trims the log up to a revision in one transaction, as the keeper does.
    func trim(_ namespace: Namespace, through floor: UInt64) async throws {
        let name = namespace.name
        try await run(
            """
            BEGIN;
            UPDATE namespaces SET floor = \(floor) WHERE name = '\(name)';
            DELETE FROM revision_changes WHERE namespace = '\(name)' AND revision <= \(floor);
            DELETE FROM revisions WHERE namespace = '\(name)' AND revision <= \(floor);
            COMMIT;
            """)
    }

    func head(_ namespace: Namespace) async throws -> NamespaceHead {
        let rows = try await writer.query(
            "SELECT epoch::text, revision, digest, lineage FROM namespaces WHERE name = $1",
            [.text(namespace.name)])
        return NamespaceHead(
            namespace: namespace, epoch: Epoch(try rows.string(0, 0)),
            revision: Revision(UInt64(try rows.int64(0, 1))),
            digest: UInt64(bitPattern: try rows.int64(0, 2)),
            lineage: Lineage(try rows.string(0, 3)))
    }

    /// The rows of a namespace as the store has them.
    func rows(_ namespace: Namespace) async throws -> Set<StoredEntity> {
        let rows = try await writer.query(
            """
            SELECT plugin, kind, source, name, id, version, revision,
                floor(extract(epoch FROM created_at) * 1000)::bigint,
                floor(extract(epoch FROM updated_at) * 1000)::bigint, doc::text
            FROM entities WHERE namespace = $1
            """, [.text(namespace.name)])
        return Set(
            try (0..<rows.count).map { row in
                StoredEntity(
                    key: EntityKey(
                        plugin: try rows.string(row, 0), kind: try rows.string(row, 1),
                        source: try rows.string(row, 2), name: try rows.string(row, 3)),
                    id: try rows.int64(row, 4), version: try rows.int64(row, 5),
                    revision: Revision(UInt64(try rows.int64(row, 6))),
                    createdAtMs: try rows.int64(row, 7), updatedAtMs: try rows.int64(row, 8),
                    doc: Array(try rows.string(row, 9).utf8))
            })
    }

    /// Waits until the feed tells the store's head; what it tells before has to say that it is old.
    @discardableResult
    func settle(
        _ namespace: Namespace, _ location: SourceLocation = #_sourceLocation
    ) async throws -> NamespaceHead {
        let head = try await head(namespace)
        let committed = ContinuousClock.now
        return try await eventually("the head of \(namespace.name)") {
            let asked = ContinuousClock.now
            let read = try await feed.readHeads(of: [namespace])
            let told = read.heads.first
            let asOf = read.asOf(namespace, asked: asked)
            #expect(
                told == head || read.pending.contains(namespace) || asOf < committed,
                "\(told?.revision.value ?? 0) was told as of after \(head.revision.value)",
                sourceLocation: location
            )
            return told == head ? head : nil
        }
    }
}

/// Asks again and again until there is an answer; fails with `what` after ten seconds.
func eventually<Value>(_ what: String, _ attempt: () async throws -> Value?) async throws -> Value {
    let end = ContinuousClock.now + .seconds(10)
    while true {
        if let value = try await attempt() { return value }
        try #require(ContinuousClock.now < end, "not in time: \(what)")
        try await Task.sleep(for: .milliseconds(5))
    }
}
