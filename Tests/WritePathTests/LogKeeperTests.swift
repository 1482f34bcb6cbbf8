import CatalogModel
import Postgres
import Telemetry
import TestSupport
import Testing

@testable import WritePath

@Suite("Keeping the log", .manyTurns)
struct LogKeeperTests {
    private func keeper(
        _ fixture: StoreFixture, _ change: (inout UpkeepOptions) -> Void
    ) -> LogKeeper {
        var options = UpkeepOptions()
        options.keepAge = .zero
        options.keepRevisions = 10
        change(&options)
        return LogKeeper(
            pool: fixture.pool, observer: fixture.observations.observer, options: options)
    }

    /// Makes revisions of one entity after the first, each a transaction of its own.
    private func write(_ count: Int, _ fixture: StoreFixture) async throws {
        try await fixture.insert(source: "api", name: "a")
        try await fixture.pool.withConnection { connection in
            try await connection.execute(
                script: """
                    DO $$ BEGIN FOR n IN 2..\(count) LOOP
                        UPDATE entities SET doc = jsonb_build_object('name', 'a', 'n', n);
                        COMMIT;
                    END LOOP; END $$
                    """)
        }
    }

    /// Registers a replica at a revision, with a lease of some seconds.
    private func report(
        _ replica: String, at revision: Int, lease: Int = 10, _ fixture: StoreFixture
    ) async throws {
        _ = try await fixture.row(
            """
            SELECT catalog_report('\(replica)', 'r', \(lease) * interval '1 second', '{default}',
                (SELECT ARRAY[epoch] FROM namespaces WHERE name = 'default'), '{\(revision)}', '{}')
            """)
    }

    private let log = """
        SELECT n.revision, n.floor, min(r.revision), count(r), (SELECT count(*) FROM revision_changes)
        FROM namespaces n LEFT JOIN revisions r ON r.namespace = n.name
        WHERE n.name = 'default' GROUP BY n.name
        """

    @Test("is trimmed to what a live replica still needs", .onPostgres)
    func trimsBehindTheSlowest() async throws {
        let fixture = try await StoreFixture()
        try await write(50, fixture)
        try await report("slow", at: 20, fixture)
        try await report("fast", at: 50, fixture)
        #expect(try await keeper(fixture) { _ in }.trimLog() == 40)
        #expect(try await fixture.row(log) == "50|20|21|30|30")
        #expect(
            fixture.observations.all.contains(
                .changeLogTrimmed(namespace: "default", floor: 20)))
        try await report("slow", at: 50, fixture)
        try await keeper(fixture) { _ in }.trimLog()
        // The newest ten stay for those who come late.
        #expect(try await fixture.row(log) == "50|40|41|10|10")
        #expect(try await keeper(fixture) { _ in }.trimLog() == 0)
    }

    @Test("is not held by a replica that is dead", .onPostgres)
    func deadReplicaHoldsNothing() async throws {
        let fixture = try await StoreFixture()
        try await write(50, fixture)
        try await report("dead", at: 1, lease: 0, fixture)
        try await keeper(fixture) { _ in }.trimLog()
        #expect(try await fixture.row(log) == "50|40|41|10|10")
        // The next report of anybody removes what is left of it.
        try await report("alive", at: 50, fixture)
        #expect(try await fixture.row("SELECT string_agg(id, ',') FROM replicas") == "alive")
        #expect(try await fixture.row("SELECT count(*) FROM replica_positions") == "1")
    }

    @Test("is bounded in number and age, whoever needs more", .onPostgres)
    func bounded() async throws {
        let fixture = try await StoreFixture()
        try await write(50, fixture)
        try await report("slow", at: 1, fixture)
        try await keeper(fixture) { $0.maxRevisions = 30 }.trimLog()
        #expect(try await fixture.row(log) == "50|20|21|30|30")
        _ = try await fixture.row(
            """
            UPDATE revisions SET committed_at = committed_at - interval '2 hours'
            WHERE revision <= 45
            """)
        try await keeper(fixture) { _ in }.trimLog()
        #expect(try await fixture.row(log) == "50|45|46|5|5")
        _ = try await fixture.row(
            "UPDATE revisions SET committed_at = committed_at - interval '2 hours'")
        try await keeper(fixture) { _ in }.trimLog()
        // The newest one tells who made the head.
        #expect(try await fixture.row(log) == "50|49|50|1|1")
    }

    @Test("keeps what is young and goes on in batches", .onPostgres)
    func youngAndLarge() async throws {
        let fixture = try await StoreFixture()
        try await write(30, fixture)
        try await keeper(fixture) { $0.keepAge = .seconds(60) }.trimLog()
        #expect(try await fixture.row(log) == "30|0|1|30|30")
        _ = try await fixture.row(
            """
            INSERT INTO entities (plugin, kind, name, doc)
            SELECT 'agents', 'Agent', 'b' || n, '{}' FROM generate_series(1, 2500) n
            """)
        _ = try await fixture.row("UPDATE entities SET doc = '{}' WHERE name = 'a'")
        let removed = try await keeper(fixture) { $0.keepRevisions = 0 }.trimLog()
        #expect(removed == 31 + 30 + 2_500)
        #expect(try await fixture.row(log) == "32|31|32|1|1")
    }

    @Test("leaves a task to one replica a period", .onPostgres)
    func turns() async throws {
        let fixture = try await StoreFixture()
        let claim = "SELECT claimed, turn FROM catalog_claim('x', interval '1 hour')"
        let answers = try await withThrowingTaskGroup(of: String.self) { group in
            for _ in 0..<16 { group.addTask { try await fixture.row(claim) } }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        #expect(answers.count { $0 == "t|1" } == 1)
        _ = try await fixture.row("UPDATE upkeep SET due_at = clock_timestamp()")
        #expect(try await fixture.row(claim) == "t|2")
        #expect(try await fixture.row(claim) == "f|2")
    }
}

@Suite("Digests that do not fit the rows", .manyTurns)
struct DigestRepairTests {
    private func keeper(_ fixture: StoreFixture) -> LogKeeper {
        LogKeeper(pool: fixture.pool, observer: fixture.observations.observer)
    }

    @Test("are repaired under a new epoch, and only where they differ")
    func repaired() async throws {
        let fixture = try await StoreFixture()
        for name in ["a", "b", "c"] { try await fixture.insert(source: "api", name: name) }
        _ = try await fixture.row(
            "INSERT INTO entities (namespace, plugin, kind, name, doc) "
                + "VALUES ('other', 'mcp', 'McpServer', 'x', '{}')")
        #expect(try await keeper(fixture).compareDigests().isEmpty)
        let head = "SELECT epoch, revision FROM namespaces WHERE name = "
        let (mine, other) = (
            try await fixture.row(head + "'default'"), try await fixture.row(head + "'other'")
        )
        for change in [
            "DELETE FROM agents_entities WHERE name = 'a'",
            "UPDATE agents_entities SET doc = '{\"hidden\": 1}' WHERE name = 'b'",
            "UPDATE agents_entities SET revision = 900 WHERE name = 'c'",
        ] {
            try await fixture.pool.withConnection { connection in
                try await connection.execute(
                    script: """
                        BEGIN; ALTER TABLE agents_entities DISABLE TRIGGER ALL; \(change);
                        ALTER TABLE agents_entities ENABLE TRIGGER ALL;
                        SELECT catalog_restore_triggers(); COMMIT
                        """)
            }
            #expect(try await keeper(fixture).compareDigests() == ["default"])
            #expect(try await keeper(fixture).compareDigests().isEmpty)
        }
        #expect(try await fixture.row(head + "'default'") != mine)
        #expect(try await fixture.row(head + "'other'") == other)
        #expect(
            try await fixture.row(
                "SELECT revision > 900, floor = revision FROM namespaces WHERE name = 'default'")
                == "t|t")
        // What is written afterwards is right by itself.
        _ = try await fixture.row("UPDATE entities SET doc = '{}' WHERE name = 'b'")
        #expect(try await keeper(fixture).compareDigests().isEmpty)
    }

    @Test("are looked for when a table was replaced, and again when it has settled")
    func watched() async throws {
        let fixture = try await StoreFixture()
        let watch = "SELECT catalog_watch_tables(interval '1 hour')"
        #expect(try await fixture.row(watch) == "changed")
        #expect(try await fixture.row(watch) == "-")
        _ = try await fixture.row("TRUNCATE mcp_entities")
        #expect(try await fixture.row(watch) == "changed")
        #expect(try await fixture.row(watch) == "-")
        #expect(try await fixture.row("SELECT catalog_watch_tables(interval '0')") == "settled")
        _ = try await fixture.row("ALTER TABLE agents_entities DISABLE TRIGGER catalog_log_insert")
        #expect(try await fixture.row(watch) == "changed")
        #expect(try await fixture.row("SELECT catalog_restore_triggers()") == "1")
    }
}
