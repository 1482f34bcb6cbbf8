import CatalogModel
import Foundation
import Invalidation
import Postgres
import ReadPath
import Synchronization
import Telemetry
import TestSupport
import Testing

@Suite("Trimming in the middle of a catch-up", .manyTurns)
struct TrimTests {
    private static let seed =
        ProcessInfo.processInfo.environment["CATALOG_SEED"].flatMap { UInt64($0) } ?? 14

    /// Each query of the feed may be preceded by writes and by a trim up to a random revision.
    @Test("never leaves a part of a range: what was trimmed is copied")
    func random() async throws {
        let database = try await FeedDatabase()
        let trimmer = try await FeedDatabase.connect(database.dsn)
        let random = LockedGenerator(seed: Self.seed)
        let replica = try database.replica("a")
        try await database.put(1...40)
        #expect(await replica.load())
        replica.feed.beforeCall { kind in
            guard random.number(in: 0..<3) == 0 else { return }
            let name = random.number(in: 1..<40)
            // The namespace first, as an insertion takes its locks: the other way round they deadlock.
            try? await trimmer.execute(
                script: """
                    SELECT catalog_lock('default');
                    UPDATE entities SET doc = doc || '{"n": \(random.number(in: 0..<1_000_000))}'
                    WHERE name = 'server-\(name)';
                    """)
            guard kind != .heads || random.number(in: 0..<4) == 0 else { return }
            try? await Self.trim(trimmer, percent: random.number(in: 0..<101))
        }
        for round in 0..<120 {
            let first = random.number(in: 1..<35)
            try await database.put(first...(first + 5), text: "round \(round)")
            if round % 10 == 9 {
                let head = try await database.head()
                #expect(await replica.reaches(head.revision), "CATALOG_SEED=\(Self.seed)")
            }
        }
        // Whether a random trim overtakes the replica is chance; this one does.
        let isTrimmed = Atomic(false)
        replica.feed.beforeCall { kind in
            guard kind == .changes, !isTrimmed.exchange(true, ordering: .relaxed) else { return }
            await #expect(throws: Never.self) { try await Self.trim(trimmer, percent: 100) }
        }
        try await database.put(1...2, text: "overtaken")
        #expect(await replica.reaches(try await database.head().revision))
        replica.feed.beforeCall(nil)
        let hasTrimmed = isTrimmed.load(ordering: .relaxed)
        #expect(hasTrimmed)
        try await database.put(1...2, text: "last")
        let isLoaded = await replica.observations.wait { _ in
            (try? replica.state()?.phase) == .loaded
        }
        #expect(isLoaded)
        try await database.expectEqual(replica)
        let rebuilds = replica.observations.count(.rebuild)
        #expect(rebuilds > 0, "some trim went past the replica")
        print("\(rebuilds) catch-ups met a trim that went past them")
        await trimmer.close()
        try await database.close(replica)
    }

    /// Trims in one transaction, as the keeper does, so much of what lies above the floor.
    private static func trim(_ trimmer: Connection, percent: Int) async throws {
        try await trimmer.execute(
            script: """
                BEGIN;
                UPDATE namespaces SET floor = floor
                    + floor(\(percent) / 100.0 * (revision - floor))::bigint;
                DELETE FROM revision_changes c USING namespaces n
                    WHERE c.namespace = n.name AND c.revision <= n.floor;
                DELETE FROM revisions r USING namespaces n
                    WHERE r.namespace = n.name AND r.revision <= n.floor;
                COMMIT;
                """)
    }
}
