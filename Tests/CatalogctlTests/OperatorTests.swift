import CatalogModel
import Foundation
import TestSupport
import Testing

@Suite("What catalogctl does to caches, databases and settings", .timeLimit(.minutes(3)))
struct OperatorTests {
    private func run(_ server: ServerProcess, _ arguments: String...) async throws -> ControlRun {
        try await ControlRun(
            ["--server", "http://127.0.0.1:\(server.port)", "--role", "operator"] + arguments)
    }

    private func json(_ run: ControlRun) throws -> JSONValue {
        try JSONParser.parse(Array(run.output.utf8))
    }

    @discardableResult
    private func sql(_ text: String, _ dsn: String) async throws -> String {
        let name = dsn.split(separator: " ").first { $0.hasPrefix("dbname=") }
        return try await PostgresCluster.shared().sql(
            text, database: String(name?.dropFirst(7) ?? ""))
    }

    private func eventually(_ holds: () async throws -> Bool) async throws {
        let end = ContinuousClock.now + .seconds(40)
        while try await !holds() {
            try #require(ContinuousClock.now < end)
            try await Task.sleep(for: .milliseconds(20))
        }
    }

    /// The status that the only server of a run gives.
    private func status(_ run: ControlRun) throws -> String? {
        try json(run)["servers"]?.arrayValue?.first?["status"]?.stringValue
    }

    @Test("a cache is verified, evicted and loaded again, and reads are right all the while")
    func cache() async throws {
        let server = try await ServerProcess.ready()
        let list = "/api/agents_catalog/v1alpha1/agents"
        let before = try await server.client.get(list).body
        try await eventually {
            try await server.client.get(list).header("X-Cache") == "HIT"
        }
        let equal = try await run(server, "cache", "verify")
        #expect(equal.status == 0 && equal.output.contains("agents/Agent"), "\(equal.output)")

        async let reads: Void = {
            for _ in 0..<40 {
                let answer = try await server.client.get(list)
                #expect(answer.status == 200 && answer.body == before)
            }
        }()
        for _ in 0..<4 {
            let evicted = try await run(server, "cache", "evict", "-o", "json")
            #expect(evicted.status == 0, "\(evicted.errors)")
        }
        try await reads
        let event = try json(
            try await run(server, "audit", "list", "--action", "evict", "-o", "json"))
        #expect(event["events"]?.arrayValue?.count == 4)
        let viewer = try await ControlRun([
            "cache", "evict", "--server", "http://127.0.0.1:\(server.port)",
        ])
        #expect(viewer.status == 1 && viewer.output.contains("refused"), "\(viewer.output)")
        try await eventually {
            try await server.client.get(list).header("X-Cache") == "HIT"
        }
        #expect(try status(try await run(server, "cache", "verify", "-o", "json")) == "equal")
    }

    @Test("a cache that differs from the store is found, and answers nothing any more")
    func difference() async throws {
        let server = try await ServerProcess.ready()
        let list = "/api/agents_catalog/v1alpha1/agents"
        let before = try await server.client.get(list).body
        try await eventually {
            try await server.client.get(list).header("X-Cache") == "HIT"
        }
        let change = "UPDATE collections SET digest = digest # 1 WHERE kind = 'Agent'"
        try await sql(change, server.dsn)
        let found = try await run(server, "cache", "verify")
        #expect(found.status == 1, "\(found.output) \(found.errors)")
        #expect(found.output.contains("different") && found.output.contains("false"))
        let miss = try await server.client.get(list)
        #expect(miss.header("X-Cache") == "MISS" && miss.body == before)
        // The database itself says which side is wrong.
        let check = try await ControlRun(["db", "check", "--dsn", server.dsn])
        #expect(check.status == 1, "\(check.output)")
        #expect(check.output.contains("other than those of the entities: agents/Agent"))

        try await sql(change, server.dsn)
        #expect(try await run(server, "cache", "evict").status == 0)
        try await eventually {
            try await server.client.get(list).header("X-Cache") == "HIT"
        }
        #expect(try await run(server, "cache", "verify").status == 0)
    }

    @Test("each replica has its own line, also one that cannot be asked")
    func replicas() async throws {
        let server = try await ServerProcess.ready()
        let closed = try await TCPProxy.start(to: .port(server.port))
        closed.mode = .refuse
        for command in ["verify", "evict"] {
            let run = try await ControlRun([
                "cache", command, "--role", "operator", "-o", "json",
                "--server", "http://127.0.0.1:\(closed.port)",
                "--server", "http://127.0.0.1:\(server.port)",
            ])
            #expect(run.status == 3, "\(run.output)")
            let rows = try #require(try json(run)["servers"]?.arrayValue)
            #expect(rows.map { $0["status"] } == ["unreachable", "absent"], "\(run.output)")
        }
    }

    @Test("a database is looked at without a server, and each finding is named")
    func database() async throws {
        let empty = try await PostgresCluster.shared().makeDatabase()
        let fresh = try await ControlRun(["db", "check", "--dsn", empty])
        #expect(fresh.status == 1 && fresh.output.contains("there is no schema yet"))
        let server = try await ServerProcess.ready()
        #expect(try await run(server, "cache", "evict").status == 0)
        let good = try await ControlRun(["db", "check", "--dsn", server.dsn, "-o", "json"])
        #expect(good.status == 0, "\(good.output) \(good.errors)")
        #expect(try json(good)["fine"] == true)
        let checks = try json(good)["checks"]?.arrayValue?.compactMap { $0["check"]?.stringValue }
        #expect(
            checks == [
                "connection", "version", "migrations", "triggers", "digests default",
                "audit default",
            ])

        try await sql("UPDATE audit_events SET actor = 'eve' WHERE sequence = 1", server.dsn)
        try await sql("ALTER TABLE entities DISABLE TRIGGER USER", server.dsn)
        try await sql(
            "UPDATE schema_migrations SET checksum = 'x' WHERE version = 2", server.dsn)
        let bad = try await ControlRun(["db", "check", "--dsn", server.dsn])
        #expect(bad.status == 1)
        let findings = bad.output.split(separator: "\n").filter { $0.contains("  finding  ") }
        #expect(findings.count == 3, "\(bad.output)")
        for text in ["0002_entities", "disabled: ", "event 1: the event was changed"] {
            #expect(findings.contains { $0.contains(text) }, "\(text): \(bad.output)")
        }
        try await sql("DELETE FROM schema_migrations WHERE version IN (2, 20)", server.dsn)
        let old = try await ControlRun(["db", "check", "--dsn", server.dsn])
        #expect(old.output.contains("will add: 0002_entities, 0020_source_failures"))
    }

    @Test("a database that is not there, and a text that names none, are told apart")
    func noDatabase() async throws {
        let absent = try await ControlRun(["db", "check", "--dsn", "host=/nowhere dbname=x"])
        #expect(absent.status == 3, "\(absent.output) \(absent.errors)")
        #expect(absent.output.contains("connection  finding"))
        let wrong = try await ControlRun(["db", "check", "--dsn", "hots=x password=geheim"])
        #expect(wrong.status == 64)
        #expect(!(wrong.output + wrong.errors).contains("geheim"))
        let port = try await ControlRun(["db", "check", "--dsn", "postgres://u:geheim/9@h/x"])
        #expect(port.status == 64)
        #expect(port.errors.contains("--dsn: the port in the connection string"), "\(port.errors)")
        #expect(!(port.output + port.errors).contains("geheim"))
        let variable = try await ProgramRun(
            try ServerFiles.executable(named: "catalogctl"), ["db", "check"],
            environment: ServerFiles.plainEnvironment.merging(
                ["DATABASE_DSN": "host=/nowhere port=0"]
            ) { $1 })
        #expect(variable.status == 64)
        #expect(variable.errors.contains("DATABASE_DSN: the port"), "\(variable.errors)")
        let none = try await ProgramRun(
            try ServerFiles.executable(named: "catalogctl"), ["db", "check"],
            environment: ServerFiles.plainEnvironment)
        #expect(none.status == 64)
    }

    @Test("the settings of a server are printed without its secrets")
    func config() async throws {
        func config(
            _ arguments: [String], _ variables: [String: String]
        ) async throws -> ProgramRun {
            try await ProgramRun(
                try ServerFiles.executable(named: "catalogctl"), ["config", "print"] + arguments,
                environment: ServerFiles.plainEnvironment.merging(variables) { $1 })
        }
        let dsn = "postgres://catalog:geheim@db/catalog"
        let all = try await config(
            ["-o", "json", "--", "--listen", ":9000"],
            ["DATABASE_DSN": dsn, "CATALOG_JOB_CONCURRENCY": "many"])
        #expect(all.status == 0, "\(all.errors)")
        #expect(!all.output.contains("geheim"))
        let listing = try JSONParser.parse(Array(all.output.utf8))
        let settings = try #require(listing["settings"]?.arrayValue)
        #expect(settings.count > 30)
        #expect(
            settings.contains([
                "name": "CATALOG_LISTEN", "value": ":9000", "origin": "--listen",
            ]))
        #expect(settings.contains { $0["name"] == "DATABASE_DSN" && $0["value"] == "***" })
        #expect(
            listing["ignored"]?.arrayValue?.first?["name"] == "CATALOG_JOB_CONCURRENCY",
            "\(all.output)")
        let changed = try await config(["--changed"], ["DATABASE_DSN": dsn])
        #expect(changed.output.split(separator: "\n").count == 2, "\(changed.output)")
        let refused = try await config(
            [], ["DATABASE_DSN": dsn, "CATALOG_TENANCY_MODE": "many"])
        #expect(refused.status == 1 && refused.errors.contains("must be one of single, namespace"))
    }
}
