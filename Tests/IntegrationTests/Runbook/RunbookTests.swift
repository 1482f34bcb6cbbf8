import Foundation
import TestSupport
import Testing

extension IntegrationTests {
    @Suite("What the operators' documents tell to do")
    struct RunbookTests {
        @Test("every command of the runbook does what it says, on live servers")
        func operations() async throws {
            let cluster = try await PostgresCluster.shared()
            let run = try RunbookRun(
                RunbookDocument("operations.md"), dsn: try await cluster.makeDatabase())
            try await run.expectAll(programs: cluster.bin)
        }

        @Test("every command of the upgrade guide does what it says, from the single-tenant era on")
        func upgrade() async throws {
            let cluster = try await PostgresCluster.shared()
            let site = try await Deployment.make()
            try await site.sql(
                String(
                    contentsOfFile:
                        "\(ServerFiles.repository)/Tests/Fixtures/single-tenant.sql",
                    encoding: .utf8))
            let kubernetes = try await KubernetesDouble.start()
            kubernetes.allow(user: "alice", ["list"], on: ["assets"], in: "team-a")
            let run = try RunbookRun(RunbookDocument("upgrade.md"), dsn: site.dsn)
            try await run.expectAll(
                programs: cluster.bin, environment: kubernetes.environment)
        }

        @Test("every command of catalogctl does what its page says")
        func control() async throws {
            let cluster = try await PostgresCluster.shared()
            let run = try RunbookRun(
                RunbookDocument("catalogctl.md"), dsn: try await cluster.makeDatabase())
            try await run.expectAll(programs: cluster.bin)
        }

        @Test("every command of the page about the embedded store does what it says")
        func embedded() async throws {
            let cluster = try await PostgresCluster.shared()
            let run = try RunbookRun(
                RunbookDocument("embedded.md"), dsn: try await cluster.makeDatabase())
            try await run.expectAll(programs: cluster.bin)
        }

        @Test("the documents have every chapter that operators look for")
        func chapters() throws {
            let runbook = try RunbookDocument("operations.md").chapters
            for chapter in [
                "Install", "Verify", "Health", "What to watch", "Knobs",
                "Refresh sources, look at jobs and audit events", "403 spikes",
                "Slow gets and lists", "Refresh backlog", "Stuck migration", "Leader election",
                "Backup and restore",
            ] {
                #expect(runbook.contains(chapter), "\(chapter)")
            }
            let guide = try RunbookDocument("upgrade.md").chapters
            for chapter in [
                "Before any upgrade", "From the single-tenant era", "To namespace mode",
                "Enabling sar", "Enabling leader election", "Rolling upgrade", "Rollback",
            ] {
                #expect(guide.contains(chapter), "\(chapter)")
            }
        }

        @Test("every metric that the runbook names is there")
        func metrics() async throws {
            let site = try await Deployment.make(environment: [
                "CATALOG_LEADER_ELECTION_ENABLED": "true",
                "CATALOG_LEADER_ELECTION_BACKEND": "postgres",
            ])
            let replica = try await site.replica()
            let exposition = try await replica.client.get("/metrics").text
            let text = try RunbookDocument("operations.md").prose.joined(separator: "\n")
            let pattern = try Regex("catalog_[a-z_]+(_total|_seconds|_lag|_waiters|_jobs|_leader)")
            let names = Set(text.matches(of: pattern).map { String(text[$0.range]) })
            #expect(names.count > 8)
            for name in names {
                #expect(exposition.contains("# TYPE \(name) "), "\(name)")
            }
        }

        @Test(arguments: [
            ("a b", "a b", true), ("a b", "a …", true), ("a b", "… b", true), ("abc", "a…c", true),
            ("abc", "a…b", false), ("abc", "…b…", true), ("abc", "…", true), ("abc", "b…", false),
            ("ab", "ab…", true), ("{\"a\":1,\"b\":2}", "{…\"b\":2…}", true),
            ("{\"b\":2}", "{…\"b\":3…}", false),
        ])
        func patterns(line: String, pattern: String, matches: Bool) {
            #expect(RunbookDocument.matches(line, pattern) == matches)
        }
    }
}
