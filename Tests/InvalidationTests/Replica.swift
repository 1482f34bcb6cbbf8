import CatalogModel
import Foundation
import Invalidation
import LMDB
import Logging
import Postgres
import ReadPath
import Synchronization
import Telemetry

/// A verifier for files that nobody touched.
struct IntactVerifier: CacheVerifier {
    func intact(_ namespaces: [Namespace]) async -> Set<Namespace> { Set(namespaces) }
}

/// Counts the copies of a feed and may keep its signals back.
final class WatchedFeed: ChangeFeed {
    let feed: PostgresFeed
    let copies = Atomic<Int>(0)
    private let disturbance = Mutex<(@Sendable (Call) async -> Void)?>(nil)
    let signals: AsyncStream<FeedSignal>

    init(_ feed: PostgresFeed, isDeaf: Bool) {
        self.feed = feed
        signals = isDeaf ? AsyncStream { _ in } : feed.signals
    }

    enum Call: Sendable { case heads, changes, copy }

    /// Runs a closure before each query from now on.
    func beforeCall(_ body: (@Sendable (Call) async -> Void)?) {
        disturbance.withLock { $0 = body }
    }

    private func disturb(_ call: Call) async { await disturbance.withLock { $0 }?(call) }

    func heads(of namespaces: [Namespace]) async throws(FeedError) -> [NamespaceHead] {
        await disturb(.heads)
        return try await feed.heads(of: namespaces)
    }

    func changes(
        in namespace: Namespace, after revision: Revision
    ) async throws(FeedError) -> RangeRead {
        await disturb(.changes)
        return try await feed.changes(in: namespace, after: revision)
    }

    func copy(
        _ kind: CollectionName, in namespace: Namespace,
        rows: @escaping @Sendable ([StoredEntity]) async throws(FeedError) -> Void
    ) async throws(FeedError) -> CollectionSnapshot {
        copies.add(1, ordering: .relaxed)
        await disturb(.copy)
        return try await feed.copy(kind, in: namespace, rows: rows)
    }
}

/// One replica on a cache directory of its own.
final class Replica: Sendable {
    let replicator: Replicator
    let caches: CacheDirectory
    let feed: WatchedFeed
    let observations = Observations()
    let registry: ReplicaRegistry
    private let thread = WriterThread(name: "cache-writer")
    private let pool: Pool
    private let tasks: Mutex<[Task<Void, Never>]>

    static let kinds = KindTable(plugins: Plugins.all)
    static let reactor = Result { try Reactor() }

    init(
        dsn: String, path: String, isDeaf: Bool = false, pingInterval: Duration = .seconds(1),
        budget: CacheBudget = CacheBudget(), options: EnvironmentOptions = .cache
    ) throws {
        var configuration = try PostgresConfiguration(dsn: dsn)
        let reactor = try Self.reactor.get()
        pool = Pool(configuration: configuration, size: 4, reactor: reactor)
        configuration.applicationName = "listener"
        feed = WatchedFeed(
            PostgresFeed(
                pool: pool, configuration: configuration, reactor: reactor,
                pingInterval: pingInterval),
            isDeaf: isDeaf)
        caches = CacheDirectory(
            path: path, kinds: Self.kinds, bootID: "boot", budget: budget, options: options)
        let metrics = MetricsRegistry()
        registry = ReplicaRegistry(
            replica: ReplicaIdentity(name: "replica"), store: PostgresReplicaStore(pool: pool))
        let logger = Logger(label: "replica") { _ in SwiftLogNoOpLogHandler() }
        let observer = Observer(logger: logger, registry: metrics) { [observations] in
            observations.add($0)
        }
        replicator = Replicator(
            caches: caches, feed: feed, thread: thread, observer: observer,
            metrics: NamespaceMetricsFamily(registry: metrics), registry: registry)
        tasks = Mutex([])
        let running = Task { [replicator] in await replicator.run(verifier: IntactVerifier()) }
        let listening = Task { [feed] in await feed.feed.listen(onJob: {}) }
        let reporting = Task { [registry] in
            await registry.run()
            await registry.leave()
        }
        tasks.withLock { $0 = [running, listening, reporting] }
    }

    /// Statements that the replica has sent so far, but for those of its listening session.
    var statements: Int { pool.statistics.queriesExecuted }

    /// Ends as a process that is asked to.
    func stop() async {
        replicator.stop()
        feed.feed.stop()
        registry.stop()
        for task in tasks.withLock({ $0 }) { await task.value }
        pool.shutdown()
        end(thread)
    }

    private nonisolated func end(_ thread: WriterThread) { thread.shutdown() }

    func reaches(_ revision: Revision, in namespace: Namespace = .default) async -> Bool {
        await replicator.waiter.wait(for: revision, in: namespace, timeout: .seconds(5))
    }

    /// Demands a collection as a read does and waits until it answers.
    func load(_ kind: CollectionName = .servers, in namespace: Namespace = .default) async -> Bool {
        guard let entry = Self.kinds.entry(plugin: kind.plugin, kind: kind.kind) else {
            return false
        }
        replicator.demand(entry.number, in: namespace)
        return await observations.wait { seen in
            seen.contains { observation in
                if case .collectionLoaded(namespace.name, kind.plugin, kind.kind, _, _) =
                    observation
                {
                    true
                } else {
                    false
                }
            }
        }
    }

    func state(
        _ kind: CollectionName = .servers, in namespace: Namespace = .default
    ) throws -> CollectionState? {
        guard let entry = Self.kinds.entry(plugin: kind.plugin, kind: kind.kind) else { return nil }
        return try caches[namespace]?.state(of: entry)
    }
}

extension CollectionName {
    static let servers = CollectionName(plugin: "mcp", kind: "McpServer")
}
