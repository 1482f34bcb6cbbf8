import ArgumentParser
import CatalogClient
import CatalogModel

/// What operators do with jobs.
struct JobsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "jobs", abstract: "Looks after refresh jobs.",
        subcommands: [JobsList.self, JobsGet.self, JobsCancel.self])

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
    static let configuration = CommandConfiguration(commandName: "get", abstract: "Shows a job.")

    @OptionGroup var common: CommonOptions

    @Argument(help: "The id of the job.")
    var id: String

    func run() async throws {
        try await common.session { session in
            session.show(try await session.get(JobsCommand.path(id)))
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
