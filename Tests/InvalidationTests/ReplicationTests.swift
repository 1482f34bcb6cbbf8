import CatalogModel
import Invalidation
import Postgres
import ReadPath
import Synchronization
import Telemetry
import TestSupport
import Testing

@Suite("Two replicas of one database", .serialized, .manyTurns)
struct ReplicationTests {
    @Test(arguments: [false, true])
    func seeEveryKindOfWrite(deaf: Bool) async throws {
        let database = try await FeedDatabase()
        let (first, second) = (
            try database.replica("a", isDeaf: deaf), try database.replica("b", isDeaf: deaf)
        )
        #expect(await first.load())
        #expect(await second.load())
        try await database.put(1...1)
        try await database.expectEqual(first, second)
        try await database.put(1...500, text: "many rows")
        try await database.expectEqual(first, second)
        try await database.run(
            """
            CREATE TEMP TABLE loading AS
                SELECT plugin, kind, source, 'copied-' || name AS name, doc FROM entities;
            INSERT INTO entities (plugin, kind, source, name, doc) SELECT * FROM loading;
            """)
        try await database.expectEqual(first, second)
        try await database.run(
            """
            DELETE FROM entities WHERE name LIKE '%7';
            UPDATE mcp_entities SET source = 'moved' WHERE name LIKE '%3';
            """)
        try await database.expectEqual(first, second)
        #expect(try first.state()?.entityCount == 900)
        try await database.run("TRUNCATE mcp_entities")
        try await database.expectEqual(first, second)
        #expect(try first.state()?.entityCount == 0)
        #expect(first.observations.count(.digestMismatch) == 0)
        #expect(first.feed.copies.load(ordering: .relaxed) == 1)
        try await database.close(first, second)
    }

    @Test func seeHintedWritesSoon() async throws {
        let database = try await FeedDatabase()
        let (first, second) = (try database.replica("a"), try database.replica("b"))
        #expect(await first.load())
        #expect(await second.load())
        #expect(await first.observations.wait(for: .feedConnected))
        #expect(await second.observations.wait(for: .feedConnected))
        let hintPool = Pool(
            configuration: try PostgresConfiguration(dsn: database.dsn), size: 1,
            reactor: try Replica.reactor.get())
        let hints = HintPublisher(pool: hintPool)
        let publishing = Task { await hints.run() }
        // The first write of a copied database begins an epoch.
        try await database.put(1...1)
        let head = try await database.head()
        var delays: [Duration] = []
        for number in 1...200 {
            try await database.put(number % 50...number % 50, text: "\(number)")
            let committed = ContinuousClock.now
            let hint = Hint(
                epoch: head.epoch, namespace: .default,
                revision: Revision(head.revision.value + UInt64(number)))
            hints.publish(hint)
            async let own = first.replicator.follow(hint, timeout: .seconds(5))
            let other = await second.reaches(hint.revision)
            delays.append(committed.duration(to: .now))
            let both = await own && other
            #expect(both)
        }
        delays.sort()
        print("commit to visible on another replica: p50 \(delays[100]), p99 \(delays[197])")
        try await database.expectEqual(first, second)
        hints.stop()
        await publishing.value
        hintPool.shutdown()
        try await database.close(first, second)
    }

    @Test func loadWhileOthersWrite() async throws {
        let database = try await FeedDatabase()
        let replica = try database.replica("a")
        for round in 1...10 {
            let name = "load-\(round)"
            try await database.put(1...3_000, in: name)
            let writing = Task {
                var count = 0
                while !Task.isCancelled {
                    count += 1
                    let first = count % 3_000
                    try await database.put(first...first + 9, text: "\(count)", in: name)
                }
                return count
            }
            #expect(await replica.load(in: try Namespace(name)))
            writing.cancel()
            _ = try? await writing.value
            try await database.expectEqual(replica, namespace: name)
        }
        #expect(replica.observations.count(.digestMismatch) == 0)
        #expect(replica.observations.count(.loadFailed) == 0)
        try await database.close(replica)
    }

    @Test func ignoreRowsOfPluginsThatNobodyDefines() async throws {
        let database = try await FeedDatabase()
        let replica = try database.replica("a")
        #expect(await replica.load())
        try await database.run(
            """
            INSERT INTO entities (plugin, kind, name, doc) VALUES ('nonesuch', 'Thing', 'x', '{}');
            INSERT INTO entities (plugin, kind, name, doc) VALUES ('mcp', 'Thing', 'x', '{}');
            """)
        try await database.put(1...2)
        try await database.expectEqual(replica)
        #expect(replica.observations.count(.rebuild) == 0)
        try await database.close(replica)
    }

    @Test func stopInTheMiddleOfALoad() async throws {
        let database = try await FeedDatabase()
        try await database.put(1...3_000)
        for round in 1...5 {
            let replica = try database.replica("a")
            async let loading = replica.load()
            if round % 2 == 0 { _ = await replica.observations.wait(for: .ready) }
            await replica.stop()
            // What was waited for may or may not have come; the files have to be sound.
            replica.observations.add(.stopped)
            replica.observations.giveUp()
            _ = await loading
        }
        let replica = try database.replica("a")
        #expect(await replica.observations.wait(for: .ready))
        if try replica.state()?.phase != .loaded { #expect(await replica.load()) }
        try await database.expectEqual(replica)
        try await database.close(replica)
    }

    @Test func restartWarm() async throws {
        let database = try await FeedDatabase()
        let before = try database.replica("a")
        #expect(await before.load())
        try await database.put(1...100)
        try await database.expectEqual(before)
        await before.stop()
        try await database.put(50...150, text: "while it was away")
        try await database.run("DELETE FROM entities WHERE name = 'server-1'")
        let after = try database.replica("a")
        #expect(await after.observations.wait(for: .ready))
        try await database.expectEqual(after)
        #expect(after.feed.copies.load(ordering: .relaxed) == 0)
        #expect(after.observations.count(.rebuild) == 0)
        #expect(after.caches[.default]?.freshness.bound() != nil)
        try await database.close(after)
    }
}
