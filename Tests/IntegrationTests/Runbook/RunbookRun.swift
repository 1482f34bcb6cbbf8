import Foundation
import TestSupport
import Testing

/// One run of a document's commands in a folder of its own, as an operator types them.
///
/// What differs from an operator's machine is replaced in the text: the connection string, the two
/// ports, and the folder `/var`.
struct RunbookRun {
    /// The connection string that the documents show.
    static let shownDSN = "postgres://catalog:secret@db:5432/catalog?sslmode=require"
    private static let timeoutSeconds = 420

    private let document: RunbookDocument
    private let folder: String
    /// Where the commands run, inside of the folder.
    private static let place = "desk"
    private let replaced: [(String, String)]
    private let dsn: String

    /// `ports` are those of two replicas that run already; a document without starts its own.
    init(_ document: RunbookDocument, dsn: String, ports: [Int]? = nil) throws {
        self.document = document
        self.dsn = dsn
        folder = try ServerFiles.temporaryFolder()
        let free = LocalProgram.freePort()
        let health = try ServerFiles.executable(named: "healthcheck")
        replaced =
            [
                (Self.shownDSN, dsn), ("/var/", "\(folder)/var/"),
                ("/usr/lib/catalog-server/healthcheck", health),
                ("scripts/run", "scripts/run --port 8080"),
            ] + zip(["8080", "8081"], (ports ?? [free, free + 1]).map(String.init))
        let files = FileManager.default
        for name in ["bin", Self.place, "out", "var"] {
            try files.createDirectory(
                atPath: "\(folder)/\(name)", withIntermediateDirectories: true)
        }
        for name in ["catalog-server", "catalogctl"] {
            try files.createSymbolicLink(
                atPath: "\(folder)/bin/\(name)",
                withDestinationPath: ServerFiles.executable(named: name))
        }
        for name in ["catalogs", "scripts"] {
            try files.createSymbolicLink(
                atPath: "\(folder)/\(Self.place)/\(name)",
                withDestinationPath: "\(ServerFiles.repository)/\(name)")
        }
    }

    /// Runs every command and expects every line; the servers that were started are ended.
    func expectAll(
        programs: String, environment: [String: String] = [:]
    ) async throws {
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let steps = document.steps
        try script(steps).write(toFile: "\(folder)/script", atomically: true, encoding: .utf8)
        var all = ServerFiles.plainEnvironment.merging(environment) { $1 }
        all["PATH"] = "\(folder)/bin:\(programs):\(all["PATH"] ?? "/usr/bin:/bin")"
        all["LC_ALL"] = "C.UTF-8"
        // Threads of the tests block signals, which would be inherited: a script could not be told
        // to stop.
        let run = try await ProgramRun(
            "/usr/bin/env",
            [
                "--default-signal", "timeout", "--kill-after=20", "\(Self.timeoutSeconds)", "bash",
                "\(folder)/script",
            ], environment: all, directory: "\(folder)/\(Self.place)")
        for (index, step) in steps.enumerated() {
            let output = text("out/\(index)")
            guard text("out/\(index).done") != nil else {
                Issue.record(
                    """
                    \(step.place) failed (\(run.status)): \(step.commands.joined(separator: "\n"))
                    \(output ?? "") \(run.errors) \(logs)
                    """)
                return
            }
            expect(step, in: output ?? "")
        }
        #expect(run.status == 0, "\(run.errors)")
    }

    /// Expects the lines of a step in their order; others may lie between.
    private func expect(_ step: RunbookDocument.Step, in output: String) {
        var lines = output.split(whereSeparator: \.isNewline)
            .map { $0.trimmingCharacters(in: .whitespaces) }[...]
        for pattern in step.expected.map(here) {
            let found = lines.firstIndex { RunbookDocument.matches($0, pattern) }
            #expect(
                found != nil,
                """
                \(step.place): \(step.commands.joined(separator: "\n"))
                did not print: \(pattern)
                but: \(output)
                """)
            if let found { lines = lines[(found + 1)...] }
        }
    }

    /// All steps in one shell, each with a file for what it prints, up to the first that fails.
    private func script(_ steps: [RunbookDocument.Step]) -> String {
        var script = """
            set -eu
            # It ends with the tests, however these end.
            (while kill -0 \(getpid()); do sleep 1; done; kill $$) > /dev/null 2>&1 < /dev/null &
            watcher=$!
            disown
            finish() {
                trap - EXIT
                kill $watcher
                for server in $(jobs -p); do kill "$server" 2>/dev/null || true; done
                wait
            }
            trap finish EXIT

            """
        for (index, step) in steps.enumerated() {
            script += """
                {
                \(here(step.commands.joined(separator: "\n")))
                } > \(folder)/out/\(index) 2>&1 < /dev/null
                : > \(folder)/out/\(index).done

                """
        }
        return script
    }

    /// A text of the document with what is different here.
    private func here(_ text: String) -> String {
        replaced.reduce(text) { $0.replacingOccurrences(of: $1.0, with: $1.1) }
    }

    private func text(_ file: String) -> String? {
        try? String(contentsOfFile: "\(folder)/\(file)", encoding: .utf8)
    }

    /// The ends of the logs that the servers have written.
    private var logs: String {
        let desk = "\(folder)/\(Self.place)"
        let names = (try? FileManager.default.contentsOfDirectory(atPath: desk)) ?? []
        return names.filter { $0.hasSuffix(".log") }.map { name in
            let lines = (text("\(Self.place)/\(name)") ?? "").split(separator: "\n")
            return "\n\(name):\n" + lines.suffix(8).joined(separator: "\n")
        }.joined()
    }
}
