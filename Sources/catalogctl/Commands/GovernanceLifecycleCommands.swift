import ArgumentParser
import CatalogModel

/// What every change of the lifecycle has.
struct LifecycleOptions: ParsableArguments {
    @Option(help: "Why.")
    var reason: String?

    @Flag(help: "Only says what would happen, and whether an approval is needed.")
    var dryRun = false

    /// The parameters of the action.
    func params(_ more: JSONObject = [:]) -> JSONObject {
        var params = more
        if let reason { params["reason"] = .string(reason) }
        return params
    }
}

struct GovernanceLifecycle: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "lifecycle", abstract: "Brings an entity to another state of its life.")

    @OptionGroup var asset: AssetOptions

    @Argument(help: "The state: draft, approved, deprecated or archived.")
    var state: String

    @OptionGroup var change: LifecycleOptions

    func run() async throws {
        try await asset.perform(
            "lifecycle.setState", change.params(["state": .string(state)]), dryRun: change.dryRun)
    }
}

struct GovernanceDeprecate: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "deprecate", abstract: "Deprecates an entity.")

    @OptionGroup var asset: AssetOptions

    @OptionGroup var change: LifecycleOptions

    func run() async throws {
        try await asset.perform("lifecycle.deprecate", change.params(), dryRun: change.dryRun)
    }
}

struct GovernanceArchive: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "archive", abstract: "Archives an entity.")

    @OptionGroup var asset: AssetOptions

    @OptionGroup var change: LifecycleOptions

    func run() async throws {
        try await asset.perform("lifecycle.archive", change.params(), dryRun: change.dryRun)
    }
}

struct GovernanceRestore: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "restore", abstract: "Brings an archived entity back.")

    @OptionGroup var asset: AssetOptions

    @Option(help: "The state: deprecated or draft.")
    var state = "deprecated"

    @OptionGroup var change: LifecycleOptions

    func run() async throws {
        try await asset.perform(
            "lifecycle.restore", change.params(["targetState": .string(state)]),
            dryRun: change.dryRun)
    }
}
