import Foundation
import TestSupport
import Testing

extension IntegrationTests {
    @Suite("What the operators' documents tell to do")
    struct RunbookTests {
        private static let programs = [
            "curl", "psql", "pg_dump", "pg_restore", "catalogctl", "catalog-server",
        ]

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

        @Test(
            "nothing but kubectl is left out, and everything that is run is looked at",
            arguments: ["operations.md", "upgrade.md", "catalogctl.md"])
        func nothingLeftOut(name: String) throws {
            let document = try RunbookDocument(name)
            for block in document.blocks {
                switch block.language {
                case "sh":
                    let shown = block.lines.filter { $0.hasPrefix("#>") }
                        .contains { $0.contains { $0.isLetter || $0.isNumber } }
                    #expect(shown, "\(block.place) does not say what comes of it")
                    let runs = block.lines.allSatisfy { !$0.contains("kubectl") }
                    #expect(runs, "\(block.place) needs a cluster")
                case "sh kubectl":
                    let commands = block.lines.filter { !$0.isEmpty && !$0.hasPrefix("#") }
                    let isAll = commands.allSatisfy { $0.hasPrefix("kubectl ") }
                    #expect(isAll, "\(block.place) has other commands than kubectl")
                case "yaml": break
                default: Issue.record("\(block.place) is marked \"\(block.language)\"")
                }
            }
            for line in document.prose {
                let parts = line.split(separator: "`", omittingEmptySubsequences: false)
                for index in stride(from: 1, to: parts.count, by: 2) {
                    // A command between words would not be run; a name with an option may be meant.
                    let words = parts[index].split(separator: " ")
                    let isCommand =
                        words.count > 2 && Self.programs.contains(String(words[0]))
                    #expect(!isCommand, "\(name): `\(parts[index])`")
                }
            }
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
