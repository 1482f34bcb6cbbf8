import CatalogModel
import Postgres
import TestSupport
import Testing

@testable import WritePath

@Suite("Concurrent writes", .manyTurns)
struct ConcurrencyTests {
    @Test(.onPostgres) func revisionsAreDenseAndEveryWriteHasItsEvent() async throws {
        let fixture = try await StoreFixture(poolSize: 16, isGrouping: false)
        let namespaces = ["ns-a", "ns-b", "ns-c", "ns-d"]
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<64 {
                group.addTask {
                    try await fixture.run(
                        .create(["name": .string("n\(number)")]),
                        namespace: namespaces[number % 4])
                }
            }
            try await group.waitForAll()
        }
        #expect(try await fixture.census() == "64|64|64|64")
        let sound = try await fixture.row(
            """
            SELECT count(*) FROM namespaces n WHERE n.name LIKE 'ns-%' AND n.revision = 16
                AND (SELECT count(DISTINCT r.revision) = 16 AND max(r.revision) = 16
                    FROM revisions r WHERE r.namespace = n.name)
                AND (SELECT count(*) = 16 FROM audit_events a WHERE a.namespace = n.name)
                AND n.digest = (SELECT bit_xor(c.digest) FROM catalog_recompute_digest(n.name) c)
            """)
        #expect(sound == "4")
    }

    @Test func ofTwoPatchesWithOneTagOneWins() async throws {
        let fixture = try await StoreFixture(poolSize: 8)
        var tag = try #require(try await fixture.run(.create(["name": "a"])).tag)
        for round in 0..<10 {
            let condition = WriteCondition(ifMatch: .tags([tag]))
            let codes = try await withThrowingTaskGroup(of: RequestError.Code?.self) { group in
                for side in ["left", "right"] {
                    let patch: JSONValue = ["version": .string("\(round) \(side)")]
                    group.addTask {
                        try await fixture.failure(.mergePatch(name: "a", patch, condition))?.code
                    }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(codes.count { $0 == nil } == 1)
            #expect(codes.count { $0 == .preconditionFailed } == 1)
            let present = try await fixture.run(.mergePatch(name: "a", [:], .none))
            tag = try #require(present.tag)
        }
    }

    @Test func ofManyCreationsOfOneNameOneWins() async throws {
        let fixture = try await StoreFixture(poolSize: 8)
        let codes = try await withThrowingTaskGroup(of: RequestError.Code?.self) { group in
            for _ in 0..<8 {
                group.addTask { try await fixture.failure(.create(["name": "a"]))?.code }
            }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        #expect(codes.count { $0 == nil } == 1)
        #expect(codes.count { $0 == .conflict } == 7)
    }

    @Test(.onPostgres) func deadlockWithAnotherWriterIsSurvived() async throws {
        let fixture = try await StoreFixture(poolSize: 4)
        try await fixture.run(.create(["name": "a"]))
        try await fixture.pool.withConnection { other in
            _ = try await other.pipeline([
                Query("BEGIN"), Query("SELECT FROM entities WHERE name = 'a' FOR UPDATE"),
            ])
            async let written = fixture.run(.mergePatch(name: "a", ["version": "2"], .none))
            try await fixture.waitForBlocked()
            // Needs the namespace that the store holds; one of the two is made to give up.
            let update: Statement = "UPDATE entities SET doc = doc || '{\"license\":\"x\"}'"
            _ = try? await other.pipeline([Query(update), Query("COMMIT")])
            _ = try? await other.query("ROLLBACK")
            #expect(try await written.changed)
        }
        #expect(try await fixture.row("SELECT doc->>'version' FROM entities") == "2")
    }
}

extension StoreFixture {
    /// Returns when a session of the database waits for a lock; gives its process number.
    @discardableResult
    func waitForBlocked() async throws -> String {
        while true {
            let blocked = try await row(
                """
                SELECT pid FROM pg_stat_activity
                WHERE datname = current_database() AND wait_event_type = 'Lock' LIMIT 1
                """)
            if !blocked.isEmpty { return blocked }
            try Task.checkCancellation()
            await Task.yield()
        }
    }
}
