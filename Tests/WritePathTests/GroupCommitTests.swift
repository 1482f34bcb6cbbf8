import CatalogModel
import Postgres
import Telemetry
import TestSupport
import Testing

@testable import WritePath

@Suite("Concurrent writes of one namespace", .manyTurns)
struct GroupCommitTests {
    @Test(.onPostgres, arguments: [true, false]) func manyCreationsShareRevisionsWithoutLoss(
        isGrouping: Bool
    ) async throws {
        let fixture = try await StoreFixture(poolSize: 8, isGrouping: isGrouping)
        let revisions = try await withThrowingTaskGroup(of: UInt64.self) { group in
            for number in 0..<64 {
                group.addTask {
                    let answer = try await fixture.run(.create(["name": .string("n\(number)")]))
                    return answer.head.revision.value
                }
            }
            return try await group.reduce(into: Set()) { $0.insert($1) }
        }
        #expect(revisions == Set(1...UInt64(revisions.count)))
        #expect(isGrouping ? revisions.count < 64 : revisions.count == 64)
        #expect(try await fixture.census() == "\(revisions.count)|\(revisions.count)|64|64")
        #expect(try await fixture.row("SELECT count(*) FROM revision_changes") == "64")
        #expect(try await fixture.isSound())
        let deadlocks = try await fixture.row(
            "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")
        #expect(deadlocks == "0")
    }

    @Test(.onPostgres) func whoWaitsFormsTheNextGroup() async throws {
        let fixture = try await StoreFixture(poolSize: 4)
        try await fixture.whileNamespaceIsHeld { group in
            group.addTask { _ = try await fixture.run(.create(["name": "first"])) }
            try await fixture.waitForBlocked()
            for number in 0..<10 {
                group.addTask {
                    let answer = try await fixture.run(.create(["name": .string("n\(number)")]))
                    #expect(answer.head.revision == Revision(2))
                }
            }
            await fixture.waitUntilWaiting(10)
        }
        #expect(try await fixture.census() == "2|2|11|11")
    }

    @Test(.onPostgres) func oneKeyTwiceHasItsEffectOnce() async throws {
        let fixture = try await StoreFixture(poolSize: 4)
        try await fixture.whileNamespaceIsHeld { group in
            group.addTask { _ = try await fixture.run(.create(["name": "first"])) }
            try await fixture.waitForBlocked()
            for _ in 0..<4 {
                group.addTask {
                    let answer = try await fixture.run(.create(["name": "a"]), key: "k")
                    #expect(answer.status == .created)
                }
            }
            await fixture.waitUntilWaiting(4)
        }
        #expect(try await fixture.census() == "2|2|2|2")
    }

    @Test(.onPostgres) func bulkWritesKeepTheirPlaceAmongOthers() async throws {
        let fixture = try await StoreFixture(poolSize: 4)
        try await fixture.whileNamespaceIsHeld { group in
            group.addTask { _ = try await fixture.run(.create(["name": "first"])) }
            try await fixture.waitForBlocked()
            group.addTask { _ = try await fixture.run(.create(["name": "second"])) }
            await fixture.waitUntilWaiting(1)
            group.addTask {
                let items = ["a", "b"].map { BulkItem(document: ["name": .string($0)]) }
                let answer = try await fixture.run(.bulk(items))
                #expect(answer.head.revision == Revision(3))
            }
            await fixture.waitUntilWaiting(2)
            group.addTask {
                let answer = try await fixture.run(.mergePatch(name: "a", ["version": "2"], .none))
                #expect(answer.head.revision == Revision(4))
            }
            await fixture.waitUntilWaiting(3)
        }
        #expect(try await fixture.isSound())
    }

    @Test(.onPostgres) func aCallerThatLeavesTakesItsWaitingWriteAlong() async throws {
        let fixture = try await StoreFixture(poolSize: 4)
        try await fixture.whileNamespaceIsHeld { group in
            group.addTask { _ = try await fixture.run(.create(["name": "first"])) }
            try await fixture.waitForBlocked()
            let leaving = Task { try await fixture.failure(.create(["name": "left"])) }
            group.addTask { _ = try await fixture.run(.create(["name": "stays"])) }
            await fixture.waitUntilWaiting(2)
            leaving.cancel()
            #expect(try await leaving.value?.code == .unavailable)
            #expect(fixture.store.waitingWrites == 1)
        }
        #expect(
            try await fixture.row("SELECT string_agg(name, ',' ORDER BY id) FROM entities")
                == "first,stays")
    }

    @Test(.onPostgres) func aFullQueueIsUnavailableForAMoment() async throws {
        let places = 8
        let fixture = try await StoreFixture(poolSize: 4, waitingWrites: places)
        try await fixture.whileNamespaceIsHeld { group in
            group.addTask { _ = try await fixture.run(.create(["name": "first"])) }
            try await fixture.waitForBlocked()
            for number in 0..<places {
                group.addTask { try await fixture.run(.create(["name": .string("n\(number)")])) }
            }
            await fixture.waitUntilWaiting(places)
            let error = try await fixture.failure(.create(["name": "late"]))
            #expect(error?.code == .unavailable)
            #expect(error?.details["retryAfter"] == "1")
        }
        #expect(try await fixture.row("SELECT count(*) FROM entities") == "\(places + 1)")
        #expect(try await fixture.isSound())
    }

    /// Breaks the n-th call on the connection, for every n: all of a group or nothing of it is there.
    @Test(.onPostgres, arguments: [false, true]) func brokenConnectionIsEverybodys(
        hasKey: Bool
    ) async throws {
        let clean = try await StoreFixture(poolSize: 2)
        var failures = 0
        for number in 1...500 {
            let plan = FaultPlan(failing: number)
            let fixture = try StoreFixture(
                dsn: clean.dsn + " application_name=breaking", poolSize: 1, faults: plan)
            let outcomes = await fixture.store.writeGroup(
                try (0..<3).map {
                    try fixture.member(
                        .create(["name": .string("n\(number)-\($0)")]),
                        key: hasKey ? "\(number)-\($0)" : nil)
                })
            fixture.pool.shutdown()
            try await clean.waitForEnd(ofSessionsNamed: "breaking")
            let there = try await clean.row(
                "SELECT count(*) FROM entities WHERE name LIKE 'n\(number)-%'")
            let failed = outcomes.filter { (try? $0.get()) == nil }
            if failed.isEmpty {
                #expect(there == "3")
            } else {
                failures += 1
                #expect(failed.count == 3)
                #expect(Set(outcomes.map(\.summary)) == ["unavailable"])
                #expect(there == "0" || (there == "3" && failed.allSatisfy(\.isUnknown)))
            }
            #expect(try await clean.isSound())
            guard plan.hasStruck else { break }
            try #require(number < 500, "the loop ends when no call is left to break")
        }
        #expect(failures > 0)
        let counts = try await clean.row(
            """
            SELECT (SELECT count(*) FROM entities) = (SELECT count(*) FROM audit_events),
                (SELECT count(*) FROM entities) = 3 * (SELECT count(*) FROM revisions)
            """)
        #expect(counts == "t|t")
    }

    @Test(.onPostgres) func terminatedBackendCostsTheGroupNothing() async throws {
        let fixture = try await StoreFixture(poolSize: 3)
        try await fixture.pool.withConnection { holder in
            _ = try await holder.pipeline([
                Query("BEGIN"), Query("SELECT FROM namespaces WHERE name = 'default' FOR UPDATE"),
            ])
            async let outcomes = fixture.group([.create(["name": "a"]), .create(["name": "b"])])
            let blocked = try await fixture.waitForBlocked()
            _ = try await fixture.row("SELECT pg_terminate_backend(\(blocked), 5000)")
            try await fixture.waitForBlocked()
            _ = try await holder.query("ROLLBACK")
            #expect(try await outcomes.map(\.summary) == ["created 1", "created 1"])
        }
        #expect(try await fixture.census() == "1|1|2|2")
    }
}

extension GroupMember.Outcome {
    fileprivate var isUnknown: Bool {
        if case .failure(let error) = self { error.details["outcome"] == "unknown" } else { false }
    }
}

extension StoreFixture {
    /// Keeps all writers of the namespace waiting while the body starts some; then lets them go.
    func whileNamespaceIsHeld(
        _ body: (inout ThrowingTaskGroup<Void, any Error>) async throws -> Void
    ) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            try await pool.withConnection { holder in
                _ = try await holder.pipeline([
                    Query("BEGIN"),
                    Query("SELECT FROM namespaces WHERE name = 'default' FOR UPDATE"),
                ])
                try await body(&group)
                _ = try await holder.query("ROLLBACK")
            }
            try await group.waitForAll()
        }
    }

    func waitUntilWaiting(_ count: Int) async {
        while store.waitingWrites < count, !Task.isCancelled { await Task.yield() }
    }
}
