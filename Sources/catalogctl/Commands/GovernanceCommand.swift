import ArgumentParser
import CatalogClient
import CatalogModel

/// What operators do with the governance of entities.
struct GovernanceCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "governance", abstract: "Looks after the governance of entities.",
        subcommands: [GovernanceShow.self])
}

struct GovernanceShow: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show", abstract: "Shows the governance of an entity.")

    @OptionGroup var common: CommonOptions

    @OptionGroup var entity: EntityArguments

    func run() async throws {
        try await common.session { session in
            let kind = try await session.kinds().kind(entity.kind)
            let answer = try await session.get(kind.asset(entity.name))
            session.show(session.format == .table ? answer["governance"] ?? answer : answer)
        }
    }
}

/// What operators do with requests for approval.
struct ApprovalsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "approvals", abstract: "Looks after requests for approval.",
        subcommands: [ApprovalsList.self, ApprovalsApprove.self, ApprovalsDeny.self])

    static let list = "/api/governance/v1alpha1/approvals"
}

struct ApprovalsList: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "Lists requests for approval.")

    @OptionGroup var common: CommonOptions

    @Option(help: "Only requests in a state: pending, approved, denied, canceled or expired.")
    var status: String?

    func run() async throws {
        try await common.session { session in
            let requests = try await session.pages(
                ApprovalsCommand.list, status.map { [("status", $0)] } ?? [], items: "requests",
                limit: nil)
            session.show(
                .object(["requests": .array(requests)]), rows: requests,
                [
                    .init("id", "id"), .init("plugin", "assetRef.plugin"),
                    .init("name", "assetRef.name"), .init("action", "action"),
                    .init("status", "status"), .init("requester", "requester"),
                    .init("needs", "requiredCount"), .init("created", "createdAt"),
                ])
        }
    }
}

/// What a decision is about.
struct DecisionOptions: ParsableArguments {
    @OptionGroup var common: CommonOptions

    @Argument(help: "The id of the request.")
    var id: String

    @Option(help: "Why.")
    var comment: String?

    /// Sends the decision and shows what came of it.
    func decide(_ verdict: String) async throws {
        try await common.session { session in
            var body: JSONObject = ["verdict": .string(verdict)]
            if let comment { body["comment"] = .string(comment) }
            let path = "\(ApprovalsCommand.list)/\(CatalogRequest.encoded(id))/decisions"
            session.show(try await session.send("POST", path, .object(body)))
        }
    }
}

struct ApprovalsApprove: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "approve", abstract: "Approves a request.")

    @OptionGroup var options: DecisionOptions

    func run() async throws { try await options.decide("approve") }
}

struct ApprovalsDeny: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "deny", abstract: "Denies a request.")

    @OptionGroup var options: DecisionOptions

    func run() async throws { try await options.decide("deny") }
}
