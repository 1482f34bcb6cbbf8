import Foundation
import TestSupport
import Testing

extension IntegrationTests {
    @Suite("What the other documents tell to do")
    struct DocumentTests {
        /// Their commands are run by `RunbookTests`.
        private static let runbooks = [
            "operations.md", "upgrade.md", "catalogctl.md", "embedded.md",
        ]
        /// They start their own replicas.
        private static let beginnings = ["README.md", "getting-started.md"]
        /// They suppose the two replicas of getting-started.md.
        private static let onReplicas = [
            "api.md", "console.md", "consistency.md", "deployment.md", "sources.md",
        ]
        private static let programs = [
            "curl", "psql", "pg_dump", "pg_restore", "catalogctl", "catalog-server",
        ]
        /// Other languages are shown and mean nothing to a shell.
        private static let shown: Set<String> = ["", "json", "yaml", "swift", "promql"]

        @Test("every command of the first pages does what it says", arguments: beginnings)
        func beginning(name: String) async throws {
            let cluster = try await PostgresCluster.shared()
            let dsn = try await cluster.makeDatabase()
            try await RunbookRun(RunbookDocument(name), dsn: dsn).expectAll(
                programs: cluster.bin,
                environment: [
                    "DATABASE_DSN": dsn,
                    "CATALOG_SERVER_EXECUTABLE": ServerFiles.executable(named: "catalog-server"),
                ])
        }

        @Test("every command does what it says, on two replicas", arguments: onReplicas)
        func page(name: String) async throws {
            let cluster = try await PostgresCluster.shared()
            let first = try await ServerProcess.ready()
            let second = try await ServerProcess.ready(ServerProcess.Options(dsn: first.dsn))
            try await RunbookRun(
                RunbookDocument(name), dsn: first.dsn, ports: [first.port, second.port]
            ).expectAll(programs: cluster.bin)
        }

        @Test("no document has a command that nobody runs, but for the reasons that are listed")
        func nothingLeftOut() throws {
            let run = Set(Self.runbooks + Self.beginnings + Self.onReplicas)
            var seen: Set<String> = []
            for path in try RunbookDocument.all() {
                let document = try RunbookDocument(path)
                for block in document.blocks {
                    guard block.language == "sh" || block.language.hasPrefix("sh ") else {
                        #expect(
                            Self.shown.contains(block.language),
                            "\(block.place) is marked \"\(block.language)\"")
                        continue
                    }
                    guard block.language == "sh" else {
                        expectException(block)
                        continue
                    }
                    let name = path.replacing("docs/", with: "")
                    seen.insert(name)
                    #expect(run.contains(name), "\(block.place): no test runs this document")
                    expectShown(block)
                }
            }
            #expect(seen == run)
        }

        @Test("no command hides between words", arguments: runbooks + beginnings + onReplicas)
        func prose(name: String) throws {
            for line in try RunbookDocument(name).prose {
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

        /// A block that is run says what comes of it.
        private func expectShown(_ block: RunbookDocument.Block) {
            let shown = block.lines.filter { $0.hasPrefix("#>") }
                .contains { $0.contains { $0.isLetter || $0.isNumber } }
            #expect(shown, "\(block.place) does not say what comes of it")
            let runs = block.lines.allSatisfy { !$0.contains("kubectl") }
            #expect(runs, "\(block.place) needs a cluster")
        }

        /// A block that is not run has a reason, and no other commands than those it is for.
        private func expectException(_ block: RunbookDocument.Block) {
            let word = String(block.language.dropFirst("sh ".count))
            guard let exception = RunbookDocument.exceptions[word] else {
                Issue.record("\(block.place) is marked \"\(block.language)\" without a reason")
                return
            }
            for line in block.lines where !line.isEmpty && !line.hasPrefix("#") {
                let program = String(line.prefix { $0 != " " })
                #expect(
                    exception.programs.contains(program),
                    "\(block.place): \(program), but: \(exception.reason)")
            }
        }
    }
}
