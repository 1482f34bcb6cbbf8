import CatalogModel
import Foundation
import Invalidation
import Postgres
import ReadPath
import Telemetry
import TestSupport
import Testing

@Suite("A listening session that stands still", .serialized, .manyTurns)
struct DeafnessTests {
    /// The listening session, or the one that has taken the place of another.
    private func listener(
        _ database: FeedDatabase, otherThan old: pid_t = 0
    ) async throws -> pid_t {
        let rows = try await database.writer.query(
            """
            SELECT pid FROM pg_stat_activity
            WHERE datname = current_database() AND application_name = 'listener' AND pid <> $1::int
            """, [.int8(Int64(old))])
        try #require(rows.count == 1)
        return pid_t(try rows.int64(0, 0))
    }

    private func stop(_ process: pid_t) throws {
        try #require(kill(process, SIGSTOP) == 0)
    }

    /// Stops the session, writes, and expects the data here and the deafness found in time.
    private func expectFound(
        _ kind: ObservationKind, _ replica: Replica, _ database: FeedDatabase
    ) async throws {
        let process = try await listener(database)
        let before = replica.observations.count(.feedConnected)
        try stop(process)
        defer { kill(process, SIGCONT) }
        let stopped = ContinuousClock.now
        try await database.put(1...20, text: "deaf")
        let written = ContinuousClock.now
        #expect(await replica.reaches(try await database.head().revision))
        // The polls go on, every 250 ms; the bounds leave room for a machine that is busy.
        #expect(written.duration(to: .now) < .seconds(5))
        #expect(await replica.observations.wait(for: kind))
        #expect(stopped.duration(to: .now) < .seconds(10))
        #expect(await replica.observations.wait(for: .feedConnected, count: before + 1))
        try await database.put(1...20, text: "again")
        try await database.expectEqual(replica)
        _ = try await listener(database, otherThan: process)
    }

    @Test("is found by the heartbeat, and replaced")
    func heartbeat() async throws {
        let database = try await FeedDatabase()
        let replica = try database.replica("a", pingInterval: .seconds(3_600))
        #expect(await replica.load())
        #expect(await replica.observations.wait(for: .feedHearing))
        try await expectFound(.feedDeaf, replica, database)
        #expect(replica.observations.count(.feedPolling) == 0)
        #expect(replica.observations.count(.rebuild) == 0)
        try await database.close(replica)
    }

    @Test("is found by the ping or the heartbeat, whichever comes first")
    func both() async throws {
        let database = try await FeedDatabase()
        let replica = try database.replica("a")
        #expect(await replica.load())
        #expect(await replica.observations.wait(for: .feedHearing))
        try await expectFound(.feedDisconnected, replica, database)
        try await database.close(replica)
    }

    @Test("from its first moment makes the feed poll and say so")
    func fromTheStart() async throws {
        let database = try await FeedDatabase()
        // What a pooler of transactions does: LISTEN is answered, and nothing ever comes.
        try await database.run(
            """
            CREATE OR REPLACE FUNCTION catalog_beat(
                period interval, force boolean DEFAULT false, OUT beat bigint, OUT sent boolean)
            LANGUAGE sql AS $$ SELECT turn, claimed FROM catalog_claim('heartbeat', period, force) $$
            """)
        let replica = try database.replica("a")
        #expect(await replica.load())
        #expect(await replica.observations.wait(for: .feedPolling))
        try await database.put(1...20)
        try await database.expectEqual(replica)
        try await database.close(replica)
    }
}

@Suite("Positions of replicas", .manyTurns)
struct PositionTests {
    @Test("hold the log until they are reported, and end with the replica")
    func positions() async throws {
        let database = try await FeedDatabase()
        let (a, b) = (try database.replica("a"), try database.replica("b"))
        #expect(await a.load())
        #expect(await b.load())
        try await database.put(1...10)
        let head = try await database.head()
        let hint = Hint(epoch: head.epoch, namespace: .default, revision: head.revision)
        #expect(await a.registry.missing(hint, within: .seconds(5)) == [])
        #expect(try await count(database) == "2|\(head.revision)")
        let later = Hint(
            epoch: head.epoch, namespace: .default, revision: Revision(head.revision.value + 1))
        let both = [a, b].map(\.registry.replica.id).sorted()
        #expect(await a.registry.missing(later, within: .zero) == both)
        await b.stop()
        #expect(try await count(database) == "1|\(head.revision)")
        // A server that crashed has forgotten the register.
        try await database.run("TRUNCATE replicas, replica_positions")
        try await database.put(1...10, text: "y")
        let next = Hint(
            epoch: head.epoch, namespace: .default, revision: Revision(head.revision.value + 1))
        #expect(await a.reaches(next.revision))
        #expect(await a.registry.reported(within: .seconds(5)))
        #expect(try await count(database) == "1|\(next.revision)")
        await a.stop()
        try await database.close()
    }

    private func count(_ database: FeedDatabase) async throws -> String {
        let rows = try await database.writer.query(
            "SELECT count(*) || '|' || min(revision) FROM replica_positions")
        return rows.optionalString(0, 0) ?? ""
    }
}
