import CatalogModel
import TestSupport
import Testing

@testable import WritePath

@Suite("Idempotency keys", .manyTurns)
struct IdempotencyTests {
    let agent: JSONValue = ["name": "a"]

    @Test func repeatedRequestGetsTheStoredAnswer() async throws {
        let fixture = try await StoreFixture()
        let first = try await fixture.run(.create(agent), key: "k")
        try await fixture.run(.mergePatch(name: "a", ["version": "2"], .none))
        let again = try await fixture.run(.create(agent), key: "k")
        #expect(!first.replayed && again.replayed)
        #expect(again.status == first.status && again.body == first.body)
        #expect(again.tag == first.tag && again.location == first.location)
        #expect(again.head.revision == Revision(2) && again.changed)
        #expect(try await fixture.census() == "2|2|2|1")
        let deleted = try await fixture.run(.delete(name: "a", .none), key: "d")
        let repeated = try await fixture.run(.delete(name: "a", .none), key: "d")
        #expect(deleted.status == .noContent && repeated.status == .noContent)
        #expect(repeated.replayed && repeated.body.isEmpty)
    }

    @Test func keyOfAnotherRequestIsRefused() async throws {
        let fixture = try await StoreFixture()
        try await fixture.run(.create(agent), key: "k")
        let error = try await fixture.failure(.create(["name": "b"]), key: "k", digest: [2])
        #expect(error?.code == .unprocessable)
        #expect(error?.details["code"] == "idempotency_key_reused")
        #expect(try await fixture.census() == "1|1|1|1")
        // Another namespace has keys of its own.
        let other = try await fixture.run(
            .create(agent), namespace: "team-b", key: "k", digest: [2])
        #expect(!other.replayed)
    }

    @Test func failureIsNotStored() async throws {
        let fixture = try await StoreFixture()
        #expect(try await fixture.failure(.delete(name: "a", .none), key: "k")?.code == .notFound)
        #expect(try await fixture.row("SELECT count(*) FROM idempotency_keys") == "0")
        try await fixture.run(.create(agent))
        #expect(try await fixture.run(.delete(name: "a", .none), key: "k").status == .noContent)
    }

    @Test(arguments: ["", "kéy", "a\tb", String(repeating: "x", count: 256)])
    func malformedKeyIsABadRequest(key: String) async throws {
        let fixture = try StoreFixture(dsn: "dbname=none", poolSize: 1, faults: nil)
        #expect(try await fixture.failure(.create(agent), key: key)?.code == .badRequest)
    }

    @Test func expiredKeyIsFreeEvenBeforeItIsRemoved() async throws {
        let fixture = try await StoreFixture()
        try await fixture.run(.create(agent), key: "k")
        try await fixture.run(.create(["name": "z"]), key: "other")
        _ = try await fixture.row(
            """
            UPDATE idempotency_keys SET created_at = now() - interval '25 hours' WHERE key = 'k'
            RETURNING 1
            """)
        let error = try await fixture.failure(.create(agent), key: "k", digest: [3])
        #expect(error?.code == .conflict)
        let new = try await fixture.run(.create(["name": "b"]), key: "k", digest: [2])
        #expect(!new.replayed)
        _ = try await fixture.row(
            """
            UPDATE idempotency_keys SET created_at = now() - interval '25 hours' WHERE key = 'k'
            RETURNING 1
            """)
        #expect(try await fixture.store.deleteExpiredIdempotencyKeys() == 1)
        #expect(try await fixture.row("SELECT key FROM idempotency_keys") == "other")
    }

    @Test func requestsThatRaceWithOneKeyWriteOnce() async throws {
        let fixture = try await StoreFixture(poolSize: 8)
        let answers = try await withThrowingTaskGroup(of: WriteResponse.self) { group in
            for _ in 0..<4 {
                group.addTask { try await fixture.run(.create(["name": "a"]), key: "k") }
            }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        #expect(answers.count { !$0.replayed } == 1)
        #expect(Set(answers.map(\.body)).count == 1)
        #expect(answers.allSatisfy { $0.status == .created })
        #expect(try await fixture.census() == "1|1|1|1")
    }
}
