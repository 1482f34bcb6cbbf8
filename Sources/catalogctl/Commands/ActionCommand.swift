import ArgumentParser
import CatalogClient
import CatalogModel

/// Executes an action on an entity.
struct ActionCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "action", abstract: "Executes an action on an entity, such as tag.")

    @OptionGroup var common: CommonOptions

    @OptionGroup var entity: EntityArguments

    @Argument(help: "The action; `plugins -o json` shows which there are.")
    var action: String

    @Option(
        help: ArgumentHelp(
            "A parameter; a value that is JSON is taken as that, any other as text.",
            valueName: "name=value"))
    var param: [String] = []

    @Flag(help: "Only says what would happen.")
    var dryRun = false

    func run() async throws {
        try await common.session { session in
            let kind = try await session.kinds().kind(entity.kind)
            guard kind.actions.contains(action) else {
                throw CommandError(
                    .usage,
                    "\(kind.kind) has no action \"\(action)\""
                        + Suggestion.clause(for: action, among: kind.actions))
            }
            var params = JSONObject()
            for text in param {
                let parts = text.split(separator: "=", maxSplits: 1).map(String.init)
                guard parts.count == 2 else {
                    throw CommandError(.usage, "a parameter is NAME=VALUE, not \"\(text)\"")
                }
                let json = try? JSONParser.parse(Array(parts[1].utf8))
                params[parts[0]] = json ?? .string(parts[1])
            }
            let name = CatalogRequest.encoded(entity.name)
            let path = "\(kind.base)/management/entities/\(name):action"
            let result = try await session.send(
                "POST", path,
                .object([
                    "action": .string(action), "dryRun": .bool(dryRun), "params": .object(params),
                ]))
            session.show(result)
            if result["status"]?.stringValue == "error" { throw ExitStatus.failed.code }
        }
    }
}
