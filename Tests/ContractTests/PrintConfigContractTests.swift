import Foundation
import TestSupport
import Testing

@Suite("Configuration as it is printed", .timeLimit(.minutes(2)))
struct PrintConfigContractTests {
    /// Runs the server with `--print-config` and no other settings than those given.
    private func printed(
        _ arguments: [String] = [], _ environment: [String: String] = [:]
    ) async throws -> ProgramRun {
        try await ProgramRun(
            ServerFiles.executable(named: "catalog-server"), ["--print-config"] + arguments,
            environment: ServerFiles.plainEnvironment
                .merging(["DATABASE_DSN": "postgres://u:hunter2@db.example/x"]) { $1 }
                .merging(environment) { $1 }.filter { !$0.value.isEmpty })
    }

    @Test("every setting with its value and where it is from, and no secret")
    func origins() async throws {
        let run = try await printed(
            ["--listen", ":9090", "--db-type", "postgres"],
            [
                "CATALOG_LISTEN": ":7070", "CATALOG_TENANCY_MODE": "namespace",
                "CATALOG_JOB_CONCURRENCY": "7",
            ])
        #expect(run.status == 0, "\(run.errors)")
        let lines = run.output.split(separator: "\n").map(String.init)
        for line in [
            "CATALOG_LISTEN=:9090  (--listen)", "DATABASE_TYPE=postgres  (--db-type)",
            "CATALOG_TENANCY_MODE=namespace  (CATALOG_TENANCY_MODE)",
            "CATALOG_JOB_CONCURRENCY=7  (CATALOG_JOB_CONCURRENCY)",
            "CATALOG_SOURCES=/config/sources.yaml  (default)",
            "DATABASE_DSN=***  (DATABASE_DSN)",
        ] {
            #expect(lines.contains(line), "\(line)")
        }
        #expect(!(run.output + run.errors).contains("hunter2"))
        // Each setting of the table of settings, once.
        let table = try String(
            contentsOfFile: "\(ServerFiles.repository)/docs/settings.md", encoding: .utf8)
        let variables = table.split(separator: "\n").filter { $0.hasPrefix("| `") }.compactMap {
            $0.split(separator: "`").dropFirst().first
        }
        #expect(variables.count > 30)
        for variable in variables {
            #expect(lines.count { $0.hasPrefix("\(variable)=") } == 1, "\(variable)")
        }
    }

    @Test(
        "what the server would not start with is shown, and refused with the setting and the reason",
        arguments: [
            ("CATALOG_TENANCY_MODE", "multi"), ("CATALOG_AUTHZ_MODE", "rbac"),
            ("CATALOG_AUTH_MODE", "basic"), ("DATABASE_TYPE", "mysql"),
            ("CATALOG_LISTEN", "nowhere"), ("CATALOG_AUDIT_ENABLED", "maybe"),
            ("CATALOG_NAMESPACES", "team-a,Team-B"), ("CATALOG_TRUSTED_PROXIES", "10.0.0.0/40"),
            ("CATALOG_LOG_LEVEL", "loud"), ("CATALOG_UPSTREAM", "ftp://x"),
        ])
    func refused(variable: String, value: String) async throws {
        let run = try await printed([], [variable: value])
        #expect(run.status == 1)
        #expect(run.output.contains("\(variable)=\(value)  (\(variable))\n"))
        #expect(run.errors.contains(variable), "\(run.errors)")
        #expect(!(run.output + run.errors).contains("hunter2"))
    }

    @Test("every setting that is true or false takes nothing else")
    func booleans() async throws {
        let table = try String(
            contentsOfFile: "\(ServerFiles.repository)/docs/settings.md", encoding: .utf8)
        var count = 0
        for line in table.split(separator: "\n") where line.hasPrefix("| `") {
            let cells = line.split(separator: "|").map {
                $0.trimmingCharacters(in: CharacterSet(charactersIn: " `"))
            }
            guard ["true", "false"].contains(cells[2]) else { continue }
            count += 1
            let run = try await printed([], [cells[0]: "perhaps"])
            #expect(run.status == 1, "\(cells[0])")
            #expect(run.errors.contains("\(cells[0])=perhaps"), "\(run.errors)")
        }
        #expect(count >= 8)
    }

    @Test("a connection string that is none is refused without being shown")
    func secret() async throws {
        let run = try await printed([], ["DATABASE_DSN": "hunter2 and more"])
        #expect(run.status == 1)
        #expect(run.output.contains("DATABASE_DSN=***  (DATABASE_DSN)\n"))
        #expect(run.errors.contains("DATABASE_DSN"))
        #expect(!(run.output + run.errors).contains("hunter2"))
        let none = try await printed([], ["DATABASE_DSN": "", "DATABASE_TYPE": "postgres"])
        #expect(none.status == 1)
        #expect(none.errors.contains("DATABASE_DSN"))
        // Without a word of either it is the embedded store.
        let file = try await printed([], ["DATABASE_DSN": ""])
        #expect(file.status == 0, "\(file.errors)")
        #expect(
            file.output.contains(
                "CATALOG_DATABASE_FILE=/var/lib/catalog-server/store.sqlite  (default)\n"))
    }

    @Test("a number that does not count is named with the one that does")
    func ignored() async throws {
        let run = try await printed([], ["CATALOG_JOB_CONCURRENCY": "many"])
        #expect(run.status == 0)
        let line =
            "# ignored: CATALOG_JOB_CONCURRENCY: \"many\" is not a number from 1 to 64; using 3"
        #expect(run.output.contains(line), "\(run.output)")
    }
}
