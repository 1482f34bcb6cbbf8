import ArgumentParser
import CatalogClient
import CatalogModel

/// What operators do with requests for approval.
struct ApprovalsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "approvals", abstract: "Looks after requests for approval.",
        subcommands: [
            ApprovalsList.self, ApprovalsShow.self, ApprovalsApprove.self, ApprovalsDeny.self,
            ApprovalsCancel.self,
        ])

    static let list = "/api/governance/v1alpha1/approvals"

    /// The path of a request.
    static func path(_ id: String) -> String { "\(list)/\(CatalogRequest.encoded(id))" }
}

struct ApprovalsList: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "Lists requests for approval.")

    @OptionGroup var common: CommonOptions

    @Option(help: "Only requests in a state: pending, approved, denied, canceled or expired.")
    var status: String?

    @Option(help: "Only requests about an asset, named by PLUGIN:KIND:NAME.")
    var asset: String?

    func run() async throws {
        try await common.session { session in
            var query: [(name: String, value: String)] = []
            if let status { query.append(("status", status)) }
            if let asset { query.append(("assetUid", asset)) }
            let requests = try await session.pages(
                ApprovalsCommand.list, query, items: "requests", limit: nil)
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

struct ApprovalsShow: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show", abstract: "Shows a request with its decisions.", aliases: ["get"])

    @OptionGroup var common: CommonOptions

    @Argument(help: "The id of the request.")
    var id: String

    func run() async throws {
        try await common.session { session in
            session.show(try await session.get(ApprovalsCommand.path(id)))
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
            session.show(
                try await session.send(
                    "POST", "\(ApprovalsCommand.path(id))/decisions", .object(body)))
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

struct ApprovalsCancel: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "cancel", abstract: "Takes a request back that is not decided.")

    @OptionGroup var common: CommonOptions

    @Argument(help: "The id of the request.")
    var id: String

    @Option(help: "Why.")
    var reason: String?

    func run() async throws {
        try await common.session { session in
            session.show(
                try await session.send(
                    "POST", "\(ApprovalsCommand.path(id))/cancel",
                    .object(["reason": .string(reason ?? "")])))
        }
    }
}
