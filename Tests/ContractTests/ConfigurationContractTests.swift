import CatalogModel
import Foundation
import TestSupport
import Testing

@Suite("Configuration", .turns, .timeLimit(.minutes(5)))
struct ConfigurationContractTests {
    @Test(
        "values that must not be guessed stop the server and are named",
        arguments: [
            ("CATALOG_LEADER_ELECTION_ENABLED", "perhaps"),
            ("CATALOG_LEADER_ELECTION_BACKEND", "etcd"), ("CATALOG_TENANCY_MODE", "multi"),
            ("CATALOG_AUTHZ_MODE", "sar"),
            ("CATALOG_AUTHZ_MODE", "rbac"), ("CATALOG_TRUSTED_PROXIES", "10.0.0.0/40"),
            ("CATALOG_AUTH_MODE", "basic"), ("DATABASE_TYPE", "mysql"),
            ("DATABASE_TYPE", "sqlite"), ("DATABASE_TYPE", "oracle"),
            ("CATALOG_NAMESPACES", "team-a,Team-B"), ("CATALOG_AUDIT_ENABLED", "maybe"),
            ("CATALOG_LOG_LEVEL", "loud"), ("CATALOG_LISTEN", "nowhere"),
            ("CATALOG_LISTEN", "127.0.0.1:99999"), ("DATABASE_DSN", "nonsense"),
            ("DATABASE_DSN", "host=/nowhere port=abc"), ("DATABASE_DSN", "postgres://h:70000/x"),
        ])
    func refused(variable: String, value: String) async throws {
        let server = try await ServerProcess.launch(
            .init(environment: [variable: value], dsn: "host=/nowhere dbname=x"))
        #expect(try await server.waitForExit() > 0)
        let log = await server.completeLog()
        #expect(log.contains(variable), "\(log)")
    }

    @Test(
        "an election whose times or place cannot work stops the server",
        arguments: [
            ("CATALOG_LEADER_LEASE_DURATION", "10"), ("CATALOG_LEADER_RENEW_DEADLINE", "15"),
            ("CATALOG_LEADER_RETRY_PERIOD", "10"),
            ("CATALOG_LEADER_ELECTION_BACKEND", "kubernetes"),
        ])
    func election(variable: String, value: String) async throws {
        let server = try await ServerProcess.launch(
            .init(
                environment: ["CATALOG_LEADER_ELECTION_ENABLED": "true", variable: value],
                dsn: "host=/nowhere dbname=x"))
        #expect(try await server.waitForExit() > 0)
        #expect(await server.completeLog().contains(variable))
    }

    @Test("a server that is told to use Postgres does not start without a DSN")
    func withoutDatabase() async throws {
        let server = try await ServerProcess.launch(
            .init(
                environment: ["DATABASE_DSN": "", "DATABASE_TYPE": "postgres"],
                dsn: "host=/nowhere dbname=x"))
        #expect(try await server.waitForExit() > 0)
        #expect(await server.completeLog().contains("DATABASE_DSN"))
    }

    @Test("a port that cannot be one is refused at once, and the password is not shown")
    func port() async throws {
        let server = try await ServerProcess.launch(
            .init(dsn: "postgres://catalog:hunter2/4@127.0.0.1:5432/x"))
        #expect(try await server.waitForExit() > 0)
        let log = await server.completeLog()
        #expect(log.contains("DATABASE_DSN: the port in the connection string must be"), "\(log)")
        #expect(!log.contains("hunter2"))
    }

    @Test("MySQL is refused with what there is instead")
    func mysql() async throws {
        let server = try await ServerProcess.launch(
            .init(environment: ["DATABASE_TYPE": "mysql"], dsn: "host=/nowhere dbname=x"))
        #expect(try await server.waitForExit() > 0)
        let log = await server.completeLog()
        #expect(log.contains("MySQL is not supported; use postgres, or sqlite"), "\(log)")
    }

    @Test(
        "what the embedded store cannot do is refused",
        arguments: [
            ("CATALOG_UPSTREAM", "http://localhost:1"), ("CATALOG_DATABASE_FILE", "store.sqlite"),
            ("CATALOG_DATABASE_FILE", "/proc/none/store.sqlite"),
            ("DATABASE_DSN", "host=/nowhere dbname=x"),
        ])
    func embedded(variable: String, value: String) async throws {
        var environment = [
            "DATABASE_TYPE": "sqlite", "CATALOG_DATABASE_FILE": try StoreUnderTest.makeFile(),
        ]
        environment[variable] = value
        let server = try await ServerProcess.launch(.init(environment: environment))
        #expect(try await server.waitForExit() > 0)
        let log = await server.completeLog()
        #expect(log.contains(variable) || log.contains(value), "\(log)")
    }

    @Test("bad numbers fall back to their defaults")
    func badNumbers() async throws {
        let names = [
            "CATALOG_JOB_CONCURRENCY", "CATALOG_JOB_MAX_RETRIES", "CATALOG_CACHE_DISCOVERY_TTL",
            "CATALOG_CACHE_CAPABILITIES_TTL", "CATALOG_CACHE_MAX_SIZE",
            "CATALOG_JOB_POLL_INTERVAL_SECONDS", "CATALOG_JOB_RETENTION_DAYS",
        ]
        var environment = Dictionary(uniqueKeysWithValues: names.map { ($0, "many") })
        environment["CATALOG_JOB_CLAIM_TIMEOUT_MINUTES"] = "-1"
        let server = try await ServerProcess.ready(.init(environment: environment))
        let ignored = server.logLines.compactMap {
            $0["message"]?.stringValue == "setting ignored"
                ? $0.value(at: "metadata.name")?.stringValue : nil
        }
        #expect(Set(ignored) == Set(environment.keys))
        _ = try await server.client.get("/api/plugins")
        #expect(try await server.client.get("/api/plugins").header("X-Cache") == "HIT")
        _ = try await server.terminate()
    }

    @Test("sources are read, filtered and loaded as their file says")
    func sources() async throws {
        let folder = try ServerFiles.temporaryFolder()
        let files = [
            "sources.yaml": """
            apiVersion: catalog/v1alpha1
            kind: CatalogSources
            catalogs:
              agents:
                sources:
                  - id: picked
                    name: Picked
                    type: yaml
                    properties: {yamlCatalogPath: data/agents.yaml}
                    includedItems: ["Acme/*", "solo"]
                    excludedItems: ["*-BETA"]
                  - id: everything
                    name: Everything
                    type: yaml
                    enabled: true
                    properties: {yamlCatalogPath: data/agents.yaml}
                  - id: off
                    name: Off
                    type: yaml
                    enabled: false
                    properties: {yamlCatalogPath: absent.yaml}
              skills:
                sources:
                  - id: inline
                    name: Inline
                    type: yaml
                    properties: {content: "skills: [{name: inline-skill}]"}
            """,
            "data/agents.yaml": """
            agents:
              - {name: acme/one, version: "1"}
              - {name: acme/two-beta}
              - {name: solo}
              - {name: other}
            """,
        ]
        try FileManager.default.createDirectory(
            atPath: "\(folder)/data", withIntermediateDirectories: true)
        for (name, text) in files {
            try text.write(toFile: "\(folder)/\(name)", atomically: true, encoding: .utf8)
        }
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let server = try await ServerProcess.ready(.init(sources: "\(folder)/sources.yaml"))
        let list = Catalog.agents.list
        let picked = try await server.client.get("\(list)?source=picked").names()
        #expect(picked == ["acme/one", "solo"])
        let everything = try await server.client.get("\(list)?source=everything").names()
        #expect(everything == ["acme/one", "acme/two-beta", "other", "solo"])
        #expect(try await server.client.get("\(list)?source=off").names().isEmpty)
        #expect(try await server.client.get(list).names().count == 6)
        // Both sources have it; the first one of the file answers.
        let both = try await server.client.get("\(list)/acme/one")
        #expect(try both.body("sourceId") == "picked")
        let second = try await server.client.get("\(list)/acme/one?source=everything")
        #expect(try second.body("sourceId") == "everything")
        #expect(try await server.client.get("\(list)/other").body("sourceId") == "everything")
        #expect(try await server.client.get(Catalog.skills.list).names() == ["inline-skill"])
        _ = try await server.terminate()
    }

    @Test("a start waits for the migration lock that another process holds")
    func migrationLock() async throws {
        let cluster = try await PostgresCluster.shared()
        let dsn = try await cluster.makeDatabase()
        let database = try #require(
            dsn.split(separator: " ").first { $0.hasPrefix("dbname=") }?.dropFirst(7))
        let holder = Task {
            // Ends when its session is terminated.
            try? await cluster.sql(
                "SELECT pg_advisory_lock(86669445); SELECT pg_sleep(60)",
                database: String(database))
        }
        let isHeld =
            "SELECT count(*) FROM pg_locks l JOIN pg_database d ON d.oid = l.database "
            + "WHERE l.locktype = 'advisory' AND l.granted AND l.objid = 86669445 "
            + "AND d.datname = '\(database)'"
        while try await cluster.sql(isHeld) != "1" {
            try await Task.sleep(for: .milliseconds(20))
        }
        let server = try await ServerProcess.start(
            .init(environment: ["CATALOG_LOG_LEVEL": "debug"], dsn: dsn))
        try await server.waitForLine {
            $0.value(at: "metadata.event") == "migration_lock_awaited"
        }
        #expect(try await server.client.get("/readyz").status == 503)
        let tables = "SELECT count(*) FROM pg_tables WHERE tablename = 'entities'"
        #expect(try await cluster.sql(tables, database: String(database)) == "0")
        try await cluster.sql(
            "SELECT count(pg_terminate_backend(pid)) FROM pg_locks l JOIN pg_database d "
                + "ON d.oid = l.database WHERE l.objid = 86669445 AND l.granted "
                + "AND d.datname = '\(database)'")
        _ = await holder.value
        try await server.waitUntilReady()
        #expect(try await cluster.sql(tables, database: String(database)) == "1")
        _ = try await server.terminate()
    }
}
