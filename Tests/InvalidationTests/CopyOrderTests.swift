import CatalogModel
import Foundation
import Postgres
import Synchronization
import TestSupport
import Testing

@testable import Invalidation

@Suite("The order of a copy", .timeLimit(.minutes(3)), .manyTurns)
struct CopyOrderTests {
    @Test("rows come out of an index in about the order of the cache, and nothing is sorted first")
    func order() async throws {
        let database = try await FeedDatabase()
        _ = try await database.writer.query(
            """
            INSERT INTO entities (namespace, plugin, kind, source, name, doc)
            SELECT 'default', 'mcp', 'McpServer', 's' || n % 3, CASE n % 2 WHEN 0 THEN 'N' ELSE 'n' END || md5(n::text),
                jsonb_build_object('name', n, 'description', repeat('text ', 100))
            FROM generate_series(1, 5000) n
            """)
        _ = try await database.writer.query("ANALYZE entities")
        let plan = try await database.writer.query(
            Statement(postgres: "EXPLAIN " + PostgresFeed.declareCopy.sql, sqlite: ""),
            [.text("default"), .text("mcp"), .text("McpServer")])
        let lines = try (0..<plan.count).map { try plan.string($0, 0) }
        #expect(lines.contains { $0.contains("Index Scan using") }, "\(lines)")
        #expect(!lines.contains { $0.contains("Sort") }, "\(lines)")

        let replica = try database.replica("one")
        let names = Mutex<[String]>([])
        let copied = try await replica.feed.feed.copy(
            CollectionName(plugin: "mcp", kind: "McpServer"), in: .default
        ) { rows in
            names.withLock { $0 += rows.map { $0.key.name.lowercased() } }
        }
        #expect(copied.collection?.entityCount == 5_000)
        let found = names.withLock { $0 }
        #expect(found.count == 5_000 && found == found.sorted())
        await replica.stop()
    }
}
