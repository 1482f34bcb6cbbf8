import ArgumentParser
import CatalogClient
import CatalogModel

/// What operators do with jobs.
struct JobsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "jobs", abstract: "Looks after refresh jobs.",
        subcommands: [JobsList.self, JobsGet.self, JobsWait.self, JobsCancel.self])

    static let list = "/api/jobs/v1alpha1/refresh"

    /// The path of a job.
    static func path(_ id: String) -> String { "\(list)/\(CatalogRequest.encoded(id))" }
}

struct JobsList: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "Lists jobs, newest first.")

    @OptionGroup var common: CommonOptions

    @Option(help: "Only jobs of a plugin.")
    var plugin: String?

    @Option(help: "Only jobs in a state: queued, running, succeeded, failed or canceled.")
    var state: String?

    @Option(help: "How many jobs at the most.")
    var limit = 20

    func run() async throws {
        try await common.session { session in
            var query: [(name: String, value: String)] = []
            if let plugin { query.append(("plugin", plugin)) }
            if let state { query.append(("state", state)) }
            let jobs = try await session.pages(
                JobsCommand.list, query, items: "jobs", limit: max(1, limit))
            session.show(
                .object(["jobs": .array(jobs)]), rows: jobs,
                [
                    .init("id", "id"), .init("plugin", "plugin"), .init("source", "sourceId"),
                    .init("state", "state"), .init("by", "requestedBy"),
                    .init("requested", "requestedAt"), .init("message", "message"),
                ])
        }
    }
}

struct JobsGet: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "get", abstract: "Shows a job.", aliases: ["show"])

    @OptionGroup var common: CommonOptions

    @Argument(help: "The id of the job.")
    var id: String

    func run() async throws {
        try await common.session { session in
            session.show(try await session.get(JobsCommand.path(id)))
        }
    }
}

struct JobsWait: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "wait", abstract: "Waits for the end of a job, and shows how far it is.",
        discussion: """
            Exit codes: 0 it succeeded; 1 it failed or was canceled; 4 it did not end in time, and \
            goes on.
            """)

    @OptionGroup var common: CommonOptions

    @Argument(help: "The id of the job.")
    var id: String

    @Option(help: "Seconds to wait at the most.")
    var timeout = 300

    func run() async throws {
        try await common.session { session in
            try await session.showEnd(of: id, within: .seconds(timeout))
        }
    }
}

struct JobsCancel: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "cancel", abstract: "Cancels a job that has not ended.")

    @OptionGroup var common: CommonOptions

    @Argument(help: "The id of the job.")
    var id: String

    func run() async throws {
        try await common.session { session in
            session.show(try await session.send("POST", "\(JobsCommand.path(id)):cancel", nil))
        }
    }
}

extension ControlSession {
    /// Waits for a job, shows how far it is and then what it was; throws unless it succeeded.
    func showEnd(of id: String, within timeout: Duration) async throws {
        let job = try await end(of: id, within: timeout)
        show(job)
        if job["state"]?.stringValue != "succeeded" { throw ExitStatus.failed.code }
    }

    /// The job once it has ended; throws `.late` if it does not.
    private func end(of id: String, within timeout: Duration) async throws -> JSONValue {
        let start = ContinuousClock.now
        var display = ProgressDisplay(isTerminal: Output.isTerminal)
        while true {
            let job = try await get(JobsCommand.path(id))
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
