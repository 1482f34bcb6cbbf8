import ArgumentParser
import CatalogClient
import CatalogModel

/// What operators do with the governance of entities.
struct GovernanceCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "governance", abstract: "Looks after the governance of entities.",
        subcommands: [
            GovernanceShow.self, GovernanceSet.self, GovernanceHistory.self,
            GovernanceLifecycle.self, GovernanceDeprecate.self, GovernanceArchive.self,
            GovernanceRestore.self, GovernanceVersions.self, GovernanceVersion.self,
            GovernanceProvenance.self, GovernanceBindings.self, GovernanceBind.self,
            GovernancePromote.self, GovernanceRollback.self, GovernancePolicies.self,
        ])
}

/// The options of every command about the governance of one entity.
struct AssetOptions: ParsableArguments {
    @OptionGroup var common: CommonOptions

    @OptionGroup var entity: EntityArguments

    /// Runs a command's work with the path by which governance knows the entity.
    func session(_ body: (ControlSession, String) async throws -> Void) async throws {
        try await common.session { session in
            try await body(session, session.kinds().kind(entity.kind).asset(entity.name))
        }
    }

    /// Performs an action and shows what came of it; an approval that is asked for is no failure.
    func perform(_ action: String, _ params: JSONObject, dryRun: Bool = false) async throws {
        try await session { session, asset in
            session.show(
                try await session.send(
                    "POST", "\(asset)/actions/\(action)",
                    .object(["dryRun": .bool(dryRun), "params": .object(params)])))
        }
    }
}

struct GovernanceShow: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show", abstract: "Shows owner, risk, lifecycle and whatever else is known.",
        aliases: ["get"])

    @OptionGroup var asset: AssetOptions

    func run() async throws {
        try await asset.session { session, path in
            let answer = try await session.get(path)
            session.show(session.format == .table ? answer["governance"] ?? answer : answer)
        }
    }
}

struct GovernanceSet: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "set", abstract: "Replaces sections of the metadata out of a file.",
        discussion: """
            The file holds owner, team, sla, risk, intendedUse, compliance or audit, as `show -o yaml` \
            prints them below `governance`; what it does not name stays.
            """)

    @OptionGroup var asset: AssetOptions

    @Option(name: .shortAndLong, help: "The file of YAML or JSON; - is standard input.")
    var file: String

    func run() async throws {
        try await asset.session { session, path in
            let documents = try DocumentReader.documents(in: file)
            guard documents.count == 1, let document = documents.first else {
                throw CommandError(.usage, "\(file) holds \(documents.count) documents, not one")
            }
            let answer = try await session.send("PATCH", path, document["governance"] ?? document)
            session.show(session.format == .table ? answer["governance"] ?? answer : answer)
        }
    }
}

struct GovernanceHistory: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "history", abstract: "Lists what was done to an entity, newest first.")

    @OptionGroup var asset: AssetOptions

    @Option(help: "How many events at the most.")
    var limit = 20

    func run() async throws {
        try await asset.session { session, path in
            let events = try await session.pages(
                "\(path)/history", [], items: "events", limit: max(1, limit))
            session.show(
                .object(["events": .array(events)]), rows: events,
                [
                    .init("time", "createdAt"), .init("actor", "actor"),
                    .init("event", "eventType"),
                    .init("action", "action"), .init("version", "versionId"),
                    .init("outcome", "outcome"), .init("reason", "reason"),
                ])
        }
    }
}

struct GovernancePolicies: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "policies", abstract: "Lists the policies that ask for approvals.")

    @OptionGroup var common: CommonOptions

    func run() async throws {
        try await common.session { session in
            let answer = try await session.get("/api/governance/v1alpha1/policies")
            session.show(
                answer, rows: answer["policies"]?.arrayValue ?? [],
                [
                    .init("id", "id"), .init("name", "displayName"), .init("enabled", "enabled"),
                    .init("needs", "gate.requiredCount"), .init("roles", "gate.allowedRoles"),
                    .init("expires", "expiryHours"),
                ])
        }
    }
}
