import Foundation
import Postgres
import Telemetry
import TestSupport
import Testing

@testable import WritePath

@Suite("A database of the single-tenant era", .timeLimit(.minutes(20)), .manyTurns)
struct LegacyImportTests {
    let observations = Observations()

    /// Rows of the timed copy; CATALOG_LEGACY_ROWS asks for more.
    static let timedRows =
        ProcessInfo.processInfo.environment["CATALOG_LEGACY_ROWS"].flatMap { Int($0) } ?? 0

    static func fixture() throws -> String {
        let tests = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        let file = tests.appending(path: "Fixtures/single-tenant.sql")
        return String(decoding: try Data(contentsOf: file), as: UTF8.self)
    }

    /// A database with what the text makes, and a connection to it.
    func database(_ text: String) async throws -> (dsn: String, connection: Connection) {
        let dsn = try await PostgresCluster.shared().makeDatabase()
        let connection = try await connect(dsn)
        try await connection.execute(script: text, timeout: .seconds(300))
        return (dsn, connection)
    }

    func connect(_ dsn: String) async throws -> Connection {
        try await Connection.connect(
            PostgresConfiguration(dsn: dsn), reactor: StoreFixture.reactor.get())
    }

    func migrate(_ dsn: String, _ observations: Observations? = nil) async throws {
        _ = try await Migrator(
            configuration: PostgresConfiguration(dsn: dsn), reactor: StoreFixture.reactor.get(),
            observer: (observations ?? self.observations).observer
        ).run()
    }

    func value(_ connection: Connection, _ sql: String) async throws -> String {
        let rows = try await connection.query(Statement(sql))
        return rows.isEmpty ? "" : rows.optionalString(0, 0) ?? "-"
    }

    static func servers(_ count: Int) -> String {
        """
        CREATE TABLE mcp_servers (
            id bigserial PRIMARY KEY, name text NOT NULL, source_id text NOT NULL,
            description text, deployment_mode text, supported_transports text,
            create_time_since_epoch bigint, UNIQUE (source_id, name));
        INSERT INTO mcp_servers (name, source_id, description, deployment_mode,
            supported_transports, create_time_since_epoch)
        SELECT 'server-' || n, 's', 'number ' || n, 'local', '["stdio"]', 1600000000000 + n
        FROM generate_series(1, \(count)) n;
        """
    }

    @Test func rowsAreThereUnderDefaultWithDocumentsNamesSourcesAndTimes() async throws {
        let (dsn, connection) = try await database(Self.fixture())
        try await migrate(dsn)
        let census = """
            SELECT string_agg(plugin || ':' || kind || ':' || entities, ' ' ORDER BY plugin)
            FROM (SELECT plugin, kind, count(*) AS entities FROM entities
                WHERE namespace = 'default' GROUP BY plugin, kind) c
            """
        #expect(
            try await value(connection, census)
                == "agents:Agent:1 guardrails:Guardrail:1 knowledge:KnowledgeSource:2 "
                + "mcp:McpServer:12 model:CatalogModel:1 policies:Policy:1 "
                + "prompts:PromptTemplate:1")
        func entity(_ plugin: String, _ name: String) async throws -> String {
            try await value(
                connection,
                """
                SELECT concat_ws('|', source, doc, created_at AT TIME ZONE 'UTC',
                    updated_at AT TIME ZONE 'UTC', version)
                FROM entities WHERE plugin = '\(plugin)' AND name = '\(name)'
                """)
        }
        #expect(
            try await entity("agents", "acme/planner")
                == #"api|{"name": "acme/planner", "extra": {"x": [1, null]}, "labels": ["a", "b"], "#
                + #""agentType": "router"}|2021-03-04 05:06:07.891|2022-03-04 05:06:07.891|1"#)
        #expect(
            try await entity("mcp", "server-3")
                == #"mcp-default|{"name": "server-3", "externalId": "x-3", "description": "#
                + #""[draft] server 3", "deploymentMode": "local", "supportedTransports": "#
                + #"["stdio", "http"]}|2020-09-13 12:26:40.003|2023-11-14 22:13:20.003|1"#)
        #expect(try await entity("policies", "deny-all").hasPrefix("api|{\"name\": \"deny-all\""))
        #expect(try await entity("knowledge", "handbook").hasPrefix("docs|"))
        // Times are kept only while rows are brought over.
        _ = try await connection.query(
            """
            INSERT INTO entities (plugin, kind, name, doc, updated_at)
            VALUES ('agents', 'Agent', 'now', '{"name": "now"}', '2001-01-01')
            """)
        #expect(
            try await value(
                connection, "SELECT updated_at > '2010-01-01' FROM entities WHERE name = 'now'")
                == "t")
        await connection.close()
    }

    @Test func theSchemaHasTheNamespaceTheUniquenessAndTheNewTables() async throws {
        let (dsn, connection) = try await database(Self.fixture())
        try await migrate(dsn)
        let columns = """
            SELECT count(*) FROM information_schema.columns WHERE column_name = 'namespace'
                AND column_default = '''default''::text' AND is_nullable = 'NO'
                AND table_name IN (SELECT table_name FROM legacy_imports)
            """
        #expect(try await value(connection, columns) == "8")
        let tables = "to_regclass('audit_events'), to_regclass('refresh_jobs')"
        #expect(
            try await value(
                connection, "SELECT num_nulls(\(tables), to_regclass('migration_lock'))") == "0")
        _ = try await connection.query(
            """
            INSERT INTO mcp_servers (namespace, name, source_id)
            VALUES ('team-b', 'server-1', 'mcp-default')
            """)
        await #expect(throws: PostgresError.self) {
            _ = try await connection.query(
                "INSERT INTO mcp_servers (name, source_id) VALUES ('server-1', 'mcp-default')")
        }
        #expect(
            try await value(
                connection,
                """
                SELECT count(*) FROM information_schema.columns
                WHERE table_name = 'mcp_notes' AND column_name = 'namespace'
                """) == "0")
        await connection.close()
    }

    @Test func aSecondStartChangesNothing() async throws {
        let (dsn, connection) = try await database(Self.fixture())
        try await migrate(dsn)
        let state = """
            SELECT concat_ws('|', (SELECT revision FROM namespaces WHERE name = 'default'),
                (SELECT count(*) FROM revision_changes), (SELECT bit_xor(digest) FROM entities),
                (SELECT max(finished_at) FROM legacy_imports))
            """
        let before = try await value(connection, state)
        let second = Observations()
        try await migrate(dsn, second)
        #expect(try await value(connection, state) == before)
        #expect(second.all.isEmpty)
        // The digests of the log are those of the rows.
        #expect(
            try await value(
                connection,
                """
                SELECT count(*) FROM collections c
                FULL JOIN catalog_recompute_digest('default') r USING (plugin, kind)
                WHERE c.digest IS DISTINCT FROM r.digest
                    OR c.entity_count IS DISTINCT FROM r.entity_count
                """) == "0")
        await connection.close()
    }

    @Test func aCopyThatWasKilledGoesOnWhereItWas() async throws {
        let (dsn, connection) = try await database(Self.servers(12_000))
        let cluster = try await PostgresCluster.shared()
        let name = String(dsn.split(separator: " ")[1].dropFirst("dbname=".count))
        let (first, second) = (Observations(), Observations())
        let migration = Task { try await migrate(dsn, first) }
        let rows = "SELECT COALESCE(sum(rows_read), 0) FROM legacy_imports"
        let isThere = "SELECT to_regclass('legacy_imports') IS NOT NULL"
        while try await value(connection, isThere) == "f" { await Task.yield() }
        while try await value(connection, rows) == "0" { await Task.yield() }
        // A writer of the old binary gets between two batches and stops the copy there.
        _ = try await connection.query("BEGIN")
        _ = try await connection.query("LOCK TABLE mcp_servers IN ROW EXCLUSIVE MODE")
        let seen = Int(try await value(connection, rows)) ?? 0
        #expect((1..<12_000).contains(seen))
        try await cluster.sql(
            """
            SELECT count(pg_terminate_backend(l.pid)) FROM pg_locks l
            JOIN pg_database d ON d.oid = l.database
            WHERE l.locktype = 'advisory' AND l.objid = 86669445 AND d.datname = '\(name)'
            """)
        _ = await migration.result
        _ = try await connection.query("COMMIT")
        try await migrate(dsn, second)
        #expect(try await value(connection, "SELECT count(*) FROM entities") == "12000")
        #expect(try await value(connection, rows) == "12000")
        #expect(
            try await value(connection, "SELECT sum(rows_copied) FROM legacy_imports") == "12000")
        // Only what was missing was read again.
        let batches = second.all.reduce(0) { sum, observation in
            guard case .legacyRowsCopied(_, _, _, let batch, _) = observation else { return sum }
            return sum + batch
        }
        #expect(seen + batches == 12_000)
        await connection.close()
    }

    @Test func anOldBinaryReadsAndWritesMeanwhileAndAfterwards() async throws {
        let (dsn, connection) = try await database(Self.servers(6_000))
        let isDone = Task {
            try await migrate(dsn)
            return true
        }
        var reads = 0
        let finished = """
            SELECT count(*) FROM pg_tables t WHERE t.tablename = 'legacy_imports'
            """
        // Readers have a short deadline: they never queue behind the copy.
        _ = try await connection.query("SET statement_timeout = '5s'")
        while true {
            #expect(
                try await value(connection, "SELECT count(*) FROM mcp_servers WHERE id <= 6000")
                    == "6000")
            reads += 1
            if try await value(connection, finished) == "1",
                try await value(
                    connection, "SELECT count(*) FROM legacy_imports WHERE finished_at IS NOT NULL")
                    == "1"
            {
                break
            }
        }
        #expect(try await isDone.value && reads > 0)
        for statement in [
            "INSERT INTO mcp_servers (name, source_id, description) VALUES ('late', 's', 'new')",
            "UPDATE mcp_servers SET description = 'changed' WHERE name = 'server-7'",
            "UPDATE mcp_servers SET name = 'renamed' WHERE name = 'server-8'",
            "DELETE FROM mcp_servers WHERE name = 'server-9'",
        ] { _ = try await connection.query(Statement(statement)) }
        let names = """
            SELECT string_agg(name || '=' || (doc->>'description'), ' ' ORDER BY name) FROM entities
            WHERE name IN ('late', 'server-7', 'server-8', 'renamed', 'server-9')
            """
        #expect(
            try await value(connection, names)
                == "late=new renamed=number 8 server-7=changed")
        #expect(
            try await value(
                connection, "SELECT created_at < '2021-01-01' FROM entities WHERE name = 'server-7'"
            )
                == "t")
        await connection.close()
    }

    @Test func progressIsObservedInBatches() async throws {
        let (dsn, connection) = try await database(Self.servers(11_000))
        try await migrate(dsn)
        #expect(observations.count(of: .legacyRowsCopied) == 3)
        guard
            case .legacyTableImported(let table, let copied, let skipped, _)? =
                observations.all.last
        else {
            Issue.record("the end of the copy was not observed")
            return
        }
        #expect((table, copied, skipped) == ("mcp_servers", 11_000, 0))
        await connection.close()
    }

    @Test(.enabled(if: timedRows > 0))
    func copyIsTimed() async throws {
        let (dsn, connection) = try await database(Self.servers(Self.timedRows))
        let start = ContinuousClock.now
        try await migrate(dsn)
        let seconds = (ContinuousClock.now - start) / .seconds(1)
        print(
            "copied \(Self.timedRows) rows in \(seconds) s: \(Double(Self.timedRows) / seconds)/s")
        #expect(
            try await value(connection, "SELECT count(*) FROM entities") == "\(Self.timedRows)")
        await connection.close()
    }
}
