import ArgumentParser
import CatalogModel

struct GovernanceVersions: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "versions", abstract: "Lists the versions of an entity, newest first.")

    @OptionGroup var asset: AssetOptions

    func run() async throws {
        try await asset.session { session, path in
            let versions = try await session.versions(path)
            session.show(
                .object(["versions": .array(versions)]), rows: versions,
                [
                    .init("id", "versionId"), .init("label", "versionLabel"),
                    .init("created", "createdAt"), .init("by", "createdBy"),
                    .init("digest", "contentDigest"),
                ])
        }
    }
}

struct GovernanceVersion: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "create-version", abstract: "Keeps an entity as it is under a label.")

    @OptionGroup var asset: AssetOptions

    @Argument(help: "The label, such as v1.0.")
    var label: String

    @Option(help: "Why.")
    var reason: String?

    func run() async throws {
        try await asset.session { session, path in
            var body: JSONObject = ["versionLabel": .string(label)]
            if let reason { body["reason"] = .string(reason) }
            session.show(try await session.send("POST", "\(path)/versions", .object(body)))
        }
    }
}

struct GovernanceProvenance: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "provenance", abstract: "Shows where the versions of an entity are from.")

    @OptionGroup var asset: AssetOptions

    @Argument(help: "The id of a version; all of them if there is none.")
    var version: String?

    func run() async throws {
        try await asset.session { session, path in
            let all = try await session.versions(path)
            let versions = all.filter { version == nil || $0["versionId"]?.stringValue == version }
            if let version, versions.isEmpty {
                let ids = all.compactMap { $0["versionId"]?.stringValue }
                throw CommandError(
                    .notFound,
                    "there is no version \"\(version)\""
                        + Suggestion.clause(for: version, among: ids))
            }
            session.show(
                .object(["versions": .array(versions)]), rows: versions,
                [
                    .init("id", "versionId"), .init("source type", "provenance.sourceType"),
                    .init("source", "provenance.sourceId"), .init("uri", "provenance.sourceUri"),
                    .init("revision", "provenance.revisionId"),
                    .init("observed", "provenance.observedAt"),
                    .init("verified", "provenance.integrity.verified"),
                    .init("method", "provenance.integrity.method"),
                ])
        }
    }
}

struct GovernanceBindings: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bindings", abstract: "Lists which version each environment has.")

    @OptionGroup var asset: AssetOptions

    func run() async throws {
        try await asset.session { session, path in
            let answer = try await session.get("\(path)/bindings")
            session.show(
                answer, rows: answer["bindings"]?.arrayValue ?? [],
                [
                    .init("environment", "environment"), .init("version", "versionId"),
                    .init("bound", "boundAt"), .init("by", "boundBy"),
                    .init("before", "previousVersionId"),
                ])
        }
    }
}

struct GovernanceBind: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bind", abstract: "Gives a version to an environment.")

    @OptionGroup var asset: AssetOptions

    @Argument(help: "The environment, such as dev.")
    var environment: String

    @Argument(help: "The id of a version that `governance versions` lists.")
    var version: String

    func run() async throws {
        try await asset.perform(
            "promotion.bind",
            ["environment": .string(environment), "versionId": .string(version)])
    }
}

struct GovernancePromote: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "promote", abstract: "Gives an environment the version that another one has.")

    @OptionGroup var asset: AssetOptions

    @Argument(help: "The environment that has the version.")
    var from: String

    @Argument(help: "The environment that gets it.")
    var to: String

    func run() async throws {
        try await asset.perform(
            "promotion.promote", ["fromEnv": .string(from), "toEnv": .string(to)])
    }
}

struct GovernanceRollback: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rollback", abstract: "Gives an environment an earlier version again.")

    @OptionGroup var asset: AssetOptions

    @Argument(help: "The environment.")
    var environment: String

    @Argument(help: "The id of a version that `governance versions` lists.")
    var version: String

    @Flag(help: "Only says what would happen.")
    var dryRun = false

    func run() async throws {
        try await asset.perform(
            "promotion.rollback",
            ["environment": .string(environment), "targetVersionId": .string(version)],
            dryRun: dryRun)
    }
}

extension ControlSession {
    /// All versions of an asset, newest first.
    fileprivate func versions(_ asset: String) async throws -> [JSONValue] {
        try await pages("\(asset)/versions", [], items: "versions", limit: nil)
    }
}
