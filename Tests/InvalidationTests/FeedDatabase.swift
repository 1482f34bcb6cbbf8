import CatalogModel
import Foundation
import Invalidation
import LMDB
import Postgres
import ReadPath
import TestSupport
import Testing

/// A database with the schema, a session that writes to it, and replicas that follow it.
struct FeedDatabase {
    private static let template = Task {
        try await PostgresCluster.shared().template("feed") { try await applySchema(to: $0) }
    }

    let dsn: String
    let writer: Connection
    let folder: String

    init(cluster: PostgresCluster? = nil) async throws {
        if let cluster {
            dsn = try await cluster.makeDatabase()
            try await Self.applySchema(to: dsn)
        } else {
            dsn = try await PostgresCluster.shared().makeDatabase(template: Self.template.value)
        }
        writer = try await Self.connect(dsn)
        folder = "/tmp/feed-\(getpid())-\(UInt32.random(in: 0...UInt32.max))"
        try FileManager.default.createDirectory(
            atPath: folder, withIntermediateDirectories: false)
    }

    static func connect(_ dsn: String) async throws -> Connection {
        try await Connection.connect(
            PostgresConfiguration(dsn: dsn), reactor: Replica.reactor.get())
    }

    private static func applySchema(to dsn: String) async throws {
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .appendingPathComponent("../../Sources/WritePath/Migrations/SQL").path
        let files = try FileManager.default.contentsOfDirectory(atPath: root)
        let connection = try await connect(dsn)
        for file in files.filter({ $0.hasSuffix(".sql") }).sorted() {
            let script = try String(contentsOfFile: "\(root)/\(file)", encoding: .utf8)
            try await connection.execute(script: script)
        }
        await connection.close()
    }

    func replica(
        _ name: String, isDeaf: Bool = false, pingInterval: Duration = .seconds(1),
        budget: CacheBudget = CacheBudget(), options: EnvironmentOptions = .cache
    ) throws -> Replica {
        let path = "\(folder)/\(name)"
        try FileManager.default.createDirectory(
            atPath: path, withIntermediateDirectories: true)
        return try Replica(
            dsn: dsn, path: path, isDeaf: isDeaf, pingInterval: pingInterval, budget: budget,
            options: options)
    }

    func close(_ replicas: Replica...) async throws {
        for replica in replicas { await replica.stop() }
        await writer.close()
        try FileManager.default.removeItem(atPath: folder)
    }

    // MARK: Writing

    func run(_ script: String) async throws { try await writer.execute(script: script) }

    /// Inserts or replaces some servers in one statement.
    func put(
        _ names: ClosedRange<Int>, text: String = "x", in namespace: String = "default"
    ) async throws {
        try await run(
            """
            INSERT INTO entities (namespace, plugin, kind, source, name, doc)
            SELECT '\(namespace)', 'mcp', 'McpServer', 'api', 'server-' || n,
                jsonb_build_object('name', 'server-' || n, 'description', '\(text)')
            FROM generate_series(\(names.lowerBound), \(names.upperBound)) n
            ON CONFLICT (namespace, plugin, kind, source, name) DO UPDATE SET doc = EXCLUDED.doc
            """)
    }

    func head(_ namespace: String = "default") async throws -> NamespaceHead {
        let rows = try await writer.query(
            "SELECT epoch::text, revision, digest FROM namespaces WHERE name = $1",
            [.text(namespace)])
        return NamespaceHead(
            namespace: try Namespace(namespace), epoch: Epoch(try rows.string(0, 0)),
            revision: Revision(UInt64(try rows.int64(0, 1))),
            digest: UInt64(bitPattern: try rows.int64(0, 2)))
    }

    /// Waits for the store's head on a replica and compares the loaded servers with the rows.
    func expectEqual(
        _ replicas: Replica..., namespace: String = "default",
        sourceLocation: SourceLocation = #_sourceLocation
    ) async throws {
        let head = try await head(namespace)
        let rows = try await writer.query(
            """
            SELECT digest, entity_count FROM catalog_recompute_digest($1)
            WHERE plugin = 'mcp' AND kind = 'McpServer'
            """, [.text(namespace)])
        let digest = rows.isEmpty ? 0 : UInt64(bitPattern: try rows.int64(0, 0))
        let count = rows.isEmpty ? 0 : Int(try rows.int64(0, 1))
        for replica in replicas {
            let reached = await replica.replicator.waiter.wait(
                for: head.revision, in: head.namespace, history: head.epoch.prefix,
                timeout: .seconds(5))
            #expect(reached, sourceLocation: sourceLocation)
            let cache = try #require(
                replica.caches[head.namespace], sourceLocation: sourceLocation)
            let state = try replica.state(in: head.namespace)
            #expect(state?.phase == .loaded, sourceLocation: sourceLocation)
            #expect(state?.digest == digest, sourceLocation: sourceLocation)
            #expect(state?.entityCount == count, sourceLocation: sourceLocation)
            #expect(try cache.header()?.digest == head.digest, sourceLocation: sourceLocation)
            #expect(throws: Never.self, sourceLocation: sourceLocation) { try cache.verify() }
        }
    }
}
