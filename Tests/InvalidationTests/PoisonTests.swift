import CatalogModel
import Invalidation
import Postgres
import ReadPath
import Synchronization
import Telemetry
import TestSupport
import Testing

@Suite("Rows that nobody expects", .serialized, .manyTurns)
struct PoisonTests {
    @Test(arguments: [
        "repeat('long-', 500)", "E'line\\nbreak/..%00'", "'ÄÖ\u{1F600}'",
    ])
    func ofAnyNameAreFollowed(_ name: String) async throws {
        let database = try await FeedDatabase()
        let replica = try database.replica("a")
        #expect(await replica.load())
        try await database.run(
            """
            INSERT INTO entities (plugin, kind, name, doc)
            VALUES ('mcp', 'McpServer', \(name), '{"x": [1, null, "deep"], "name": 7}')
            """)
        try await database.put(1...3)
        try await database.expectEqual(replica)
        #expect(replica.observations.count(.digestMismatch) == 0)
        try await database.close(replica)
    }

    @Test func tooLongForTheCacheHoldNothingElseUp() async throws {
        let database = try await FeedDatabase()
        let replica = try database.replica("a")
        let agents = CollectionName(plugin: "agents", kind: "Agent")
        #expect(await replica.load(agents))
        #expect(await replica.load())
        try await database.run(
            """
            INSERT INTO entities (plugin, kind, name, doc)
            VALUES ('agents', 'Agent', repeat('a', 70000), '{}')
            """)
        try await database.put(1...3)
        try await database.expectEqual(replica)
        #expect(await replica.observations.wait(for: .loadFailed))
        #expect(try replica.state(agents)?.phase != .loaded, "answered from the store")
        try await database.put(1...5)
        try await database.expectEqual(replica)
        try await database.close(replica)
    }

    @Test func ofNineMegabytesAreLeftToTheStore() async throws {
        let database = try await FeedDatabase()
        let replica = try database.replica("a")
        let agents = CollectionName(plugin: "agents", kind: "Agent")
        #expect(await replica.load(agents))
        #expect(await replica.load())
        try await database.run(
            """
            INSERT INTO entities (plugin, kind, name, doc)
            VALUES ('agents', 'Agent', 'large', jsonb_build_object('text', repeat('x', 9000000)))
            """)
        try await database.put(1...3)
        try await database.expectEqual(replica)
        #expect(await replica.observations.wait(for: .entityBypassed))
        #expect(try replica.state(agents)?.phase != .loaded, "answered from the store")
        let rows = Atomic<Int>(0)
        _ = try await replica.feed.feed.scan(agents, in: .default) { batch in
            rows.add(batch.count, ordering: .relaxed)
        }
        #expect(rows.load(ordering: .relaxed) == 1)
        let copies = replica.feed.copies.load(ordering: .relaxed)
        try await database.put(1...5)
        try await database.expectEqual(replica)
        #expect(replica.feed.copies.load(ordering: .relaxed) == copies, "not tried again at once")
        #expect(replica.observations.count(.rebuild) == 0)
        try await database.close(replica)
    }

    @Test func ofTwoMegabytesAreFollowed() async throws {
        let database = try await FeedDatabase()
        let replica = try database.replica("a")
        #expect(await replica.load())
        try await database.put(1...1)
        try await database.run(
            """
            UPDATE entities SET doc = jsonb_build_object('text', repeat('x', 2000000));
            """)
        try await database.expectEqual(replica)
        try await database.close(replica)
    }
}
