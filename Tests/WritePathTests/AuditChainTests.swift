import CatalogModel
import Postgres
import TestSupport
import Testing

@testable import WritePath

@Suite("Chain of audit events", .manyTurns)
struct AuditChainTests {
    private func recorded(_ count: Int, _ fixture: StoreFixture) async throws -> [String] {
        for number in 1...count {
            var event = AuditEvent(
                namespace: "default", actor: "a\(number)", eventType: "t", outcome: .success)
            event.resourceIDs = ["x", "ü\"\\"]
            event.statusCode = 200
            event.newValue = ["number": .int(number), "text": "z\u{1}"]
            try await fixture.audit.record(event)
        }
        let rows = try await fixture.pool.query(
            "SELECT id::text FROM audit_events ORDER BY sequence")
        return try (0..<rows.count).map { try rows.string($0, 0) }
    }

    private func verdict(
        _ fixture: StoreFixture, _ namespace: String = "default"
    ) async throws -> AuditChain.Verdict {
        let chain = AuditChain(pool: fixture.pool, observer: fixture.observations.observer)
        return try await chain.verify(Namespace(namespace))
    }

    @Test func eventsOfEverySortAreChainedInTheirNamespace() async throws {
        let fixture = try await StoreFixture()
        #expect(try await verdict(fixture).checked == 0)
        _ = try await recorded(3, fixture)
        try await fixture.run(.create(["name": "a"]))
        try await fixture.run(.bulk([BulkItem(name: "b", document: [:])]))
        try await fixture.run(.create(["name": "a"]), namespace: "other")
        _ = try await fixture.row(
            """
            INSERT INTO audit_events (namespace, event_type, actor, outcome)
            VALUES ('default', 't', 'psql', 'success') RETURNING 1
            """)
        let own = try await verdict(fixture)
        #expect(own.isValid && own.checked == 6 && own.headSequence == 6)
        let other = try await verdict(fixture, "other")
        #expect(other.isValid && other.checked == 1)
        #expect(other.headHash != own.headHash && own.headHash.count == 64)
        #expect(try await verdict(fixture, "nobody").isValid)
    }

    @Test(.onPostgres) func groupsAndRefusedWritesChainInTheOrderOfTheList() async throws {
        let fixture = try await StoreFixture(poolSize: 4)
        await withTaskGroup(of: Void.self) { group in
            for number in 0..<60 {
                group.addTask {
                    _ = try? await fixture.run(.create(["name": .string("n\(number % 40)")]))
                }
                group.addTask {
                    let event = AuditEvent(
                        namespace: "default", actor: "b", eventType: "t", outcome: .denied)
                    try? await fixture.audit.record(event)
                }
            }
        }
        let found = try await verdict(fixture)
        #expect(found.isValid && found.checked == 100, "\(found)")
        let order = """
            SELECT bool_and(sequence = n) FROM (
                SELECT sequence, row_number() OVER (ORDER BY created_at, id) AS n
                FROM audit_events) e
            """
        #expect(try await fixture.row(order) == "t")
    }

    @Test func repeatedRecordingLeavesNoGap() async throws {
        let fixture = try await StoreFixture()
        var event = AuditEvent(
            namespace: "default", actor: "a", eventType: "t", outcome: .failure)
        event.id = AuditLog.randomUUID()
        for _ in 0..<2 { try await fixture.audit.record(event) }
        _ = try await recorded(1, fixture)
        let found = try await verdict(fixture)
        #expect(found.isValid && found.checked == 2)
    }

    /// Ways to tamper with the third of six events, and what a check says about which event.
    private static let tampering: [(sql: String, reason: ChainWalk.Fault, named: Int?)] = [
        ("UPDATE audit_events SET actor = 'eve' WHERE sequence = 3", .changed, 3),
        ("UPDATE audit_events SET reason = 'x' WHERE sequence = 3", .changed, 3),
        ("UPDATE audit_events SET resource_ids = '{x}' WHERE sequence = 3", .changed, 3),
        (
            "UPDATE audit_events SET new_value = new_value || '{\"number\": 9}' WHERE sequence = 3",
            .changed, 3
        ),
        (
            "UPDATE audit_events SET created_at = created_at + interval '1 hour' WHERE sequence = 3",
            .changed, 3
        ),
        ("UPDATE audit_events SET sequence = NULL WHERE sequence = 3", .unchained, 3),
        ("DELETE FROM audit_events WHERE sequence = 3", .missing, nil),
        ("DELETE FROM audit_events WHERE sequence >= 3", .missing, nil),
        ("DELETE FROM audit_events WHERE sequence <= 3", .missing, nil),
        (
            """
            UPDATE audit_events e SET created_at = o.created_at FROM audit_events o
            WHERE (e.sequence, o.sequence) IN ((3, 5), (5, 3))
            """, .changed, 5
        ),
        (
            """
            UPDATE audit_events e SET sequence = o.sequence FROM audit_events o
            WHERE (e.sequence, o.sequence) IN ((3, 5), (5, 3))
            """, .changed, 3
        ),
        ("UPDATE audit_chains SET sequence = 5", .headless, nil),
    ]

    @Test(.onPostgres, arguments: tampering.indices) func tamperingIsFoundAndTheEventNamed(
        index: Int
    ) async throws {
        let fixture = try await StoreFixture(poolSize: 1)
        let ids = try await recorded(6, fixture)
        let (sql, reason, named) = Self.tampering[index]
        #expect(try await fixture.pool.query(Statement(sql)).affectedRows > 0)
        let found = try await verdict(fixture)
        let broken = try #require(found.firstBroken)
        #expect(broken.reason == reason.rawValue)
        // By sequence, the third of the list now stands where its time says.
        #expect(broken.id == named.map { ids[$0 - 1] })
        if reason == .missing {
            #expect(broken.sequence == (sql.contains("<=") ? 1 : 3))
        }
    }

    /// A forger who knows the format gives the event a hash that fits it.
    @Test(.onPostgres, arguments: [3, 7]) func insertedEventIsFound(sequence: Int) async throws {
        let fixture = try await StoreFixture(poolSize: 1)
        _ = try await recorded(6, fixture)
        let id = try await fixture.row(
            """
            WITH forged AS (
                INSERT INTO audit_events (
                    namespace, event_type, actor, outcome, created_at, sequence, prev_hash)
                SELECT namespace, 't', 'eve', 'success', created_at + interval '1 microsecond',
                    \(sequence), hash FROM audit_events WHERE sequence = \(sequence - 1)
                RETURNING *)
            SELECT id FROM forged
            """)
        let hash = "UPDATE audit_events e SET hash = catalog_audit_hash(e) WHERE id = $1"
        _ = try await fixture.pool.query(Statement(hash), [.uuid(id)])
        let broken = try #require(try await verdict(fixture).firstBroken)
        if sequence == 3 {
            // The forged event follows the second; the true third one then has no place.
            let third = "SELECT id FROM audit_events WHERE actor = 'a3'"
            #expect(try await broken.id == fixture.row(third))
            #expect(broken.reason == ChainWalk.Fault.misplaced.rawValue)
        } else {
            #expect(broken.reason == ChainWalk.Fault.headless.rawValue)
        }
    }

    @Test(.onPostgres) func retentionLeavesAChainThatVerifies() async throws {
        let fixture = try await StoreFixture(poolSize: 1)
        _ = try await recorded(5, fixture)
        let age = """
            ALTER TABLE audit_events DISABLE TRIGGER audit_events_chain;
            UPDATE audit_events e SET created_at = created_at - interval '91 days'
                WHERE sequence <= 3;
            """
        try await fixture.pool.withConnection { try await $0.execute(script: age) }
        // The rows are as if they had been recorded then.
        for sequence in 1...3 {
            _ = try await fixture.row(
                """
                UPDATE audit_events e SET hash = catalog_audit_hash(e) WHERE sequence = \(sequence)
                RETURNING 1
                """)
            _ = try await fixture.row(
                """
                UPDATE audit_events e SET prev_hash = o.hash FROM audit_events o
                WHERE e.sequence = \(sequence + 1) AND o.sequence = \(sequence) RETURNING 1
                """)
        }
        for sequence in 4...5 {
            _ = try await fixture.row(
                """
                UPDATE audit_events e SET prev_hash = o.hash FROM audit_events o
                WHERE e.sequence = \(sequence) AND o.sequence = \(sequence - 1) RETURNING 1
                """)
            _ = try await fixture.row(
                """
                UPDATE audit_events e SET hash = catalog_audit_hash(e) WHERE sequence = \(sequence)
                RETURNING 1
                """)
        }
        _ = try await fixture.row(
            """
            UPDATE audit_chains SET hash = e.hash FROM audit_events e WHERE e.sequence = 5
            RETURNING 1
            """)
        let before = try await verdict(fixture)
        try #require(before.isValid, "\(before)")
        #expect(try await fixture.audit.trim(olderThan: .seconds(90 * 86_400)) == 3)
        let after = try await verdict(fixture)
        #expect(after.isValid && after.checked == 2 && after.anchorSequence == 3, "\(after)")
        #expect(after.headHash == before.headHash)
        // Who deletes more than retention did is found all the same.
        _ = try await fixture.row("DELETE FROM audit_events WHERE sequence = 4 RETURNING 1")
        #expect(try await verdict(fixture).firstBroken?.sequence == 4)
    }

    @Test(.onPostgres) func eventsOfEarlierReleasesGetTheirPlaces() async throws {
        let fixture = try await StoreFixture(poolSize: 1)
        let sql = try #require(SchemaMigrations.all.first { $0.name == "audit_chain" }).sql
        let earlier = """
            DROP TRIGGER audit_events_chain ON audit_events;
            DROP FUNCTION catalog_chain_audit_event(), catalog_trim_audit(text, interval, int),
                catalog_audit_hash(record);
            DROP TABLE audit_chains;
            ALTER TABLE audit_events DROP COLUMN sequence, DROP COLUMN hash, DROP COLUMN prev_hash;
            INSERT INTO audit_events (namespace, event_type, actor, outcome, created_at)
            SELECT 'n' || i % 2, 't', 'a', 'success', now() - i * interval '1 minute'
            FROM generate_series(1, 20) i;
            BEGIN;
            """
        try await fixture.pool.withConnection {
            try await $0.execute(script: earlier)
            try await $0.execute(script: String(decoding: sql, as: UTF8.self))
            try await $0.execute(script: "COMMIT")
        }
        try await fixture.run(.create(["name": "a"]), namespace: "n1")
        let found = try await verdict(fixture, "n1")
        #expect(found.isValid && found.checked == 11)
        #expect(try await verdict(fixture, "n0").checked == 10)
    }
}
