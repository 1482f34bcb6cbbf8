import ArgumentParser
import CatalogClient
import CatalogModel

/// Has a plugin's sources read again.
struct RefreshCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "refresh",
        abstract: "Has the sources of a plugin, or one of them, read again.",
        discussion: """
            Exit codes with --wait: 0 it succeeded; 1 it failed or was canceled; 4 it did not end in \
            time, and goes on.
            """)

    @OptionGroup var options: SourceOptions

    @Argument(help: "The id of a source; all of the plugin's if there is none.")
    var source: String?

    @Flag(help: "Waits for the end, and shows on standard error how far it is.")
    var wait = false

    @Option(help: "Seconds that --wait waits at the most.")
    var timeout = 300

    func run() async throws {
        try await options.session { session, management in
            let path = source.map { "/\(CatalogRequest.encoded($0))" } ?? ""
            let answer = try await session.send("POST", "\(management)/refresh\(path)", nil)
            guard let id = answer["jobId"]?.stringValue else {
                // Without jobs the server has done it already.
                session.show(answer)
                if answer["error"]?.stringValue != nil { throw ExitStatus.failed.code }
                return
            }
            guard wait else { return session.show(answer) }
            let job = try await Self.end(of: id, session, within: .seconds(timeout))
            session.show(job)
            if job["state"]?.stringValue != "succeeded" { throw ExitStatus.failed.code }
        }
    }

    /// The job once it has ended; throws `.late` if it does not.
    private static func end(
        of id: String, _ session: ControlSession, within timeout: Duration
    ) async throws -> JSONValue {
        let start = ContinuousClock.now
        var display = ProgressDisplay(isTerminal: Output.isTerminal)
        while true {
            let job = try await session.get(JobsCommand.path(id))
            let passed = ContinuousClock.now - start
            let state = job["state"]?.stringValue ?? ""
            let isOver = ["succeeded", "failed", "canceled"].contains(state)
            let detail = job["progress"]?.stringValue ?? job["message"]?.stringValue ?? ""
            Output.note(
                display.text(
                    state: state, detail: detail, seconds: Int(passed.components.seconds),
                    isOver: isOver))
            if isOver { return job }
            guard passed < timeout else {
                throw CommandError(.late, "the job \(id) is still \(state)")
            }
            try await Task.sleep(for: .milliseconds(Limits.pollMs))
        }
    }
}
