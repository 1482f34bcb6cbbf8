import ArgumentParser

/// The command line for operators of a catalog; every command works through the public API.
@main
struct CatalogControl: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "catalogctl",
        abstract: "Looks after a catalog that one or more replicas serve.",
        discussion: """
            Exit codes: 0 done; 1 refused or failed; 2 there is no such thing; 3 no server could be \
            asked; 4 not in time; 64 the command line is wrong.
            """,
        subcommands: [
            PluginsCommand.self, HealthCommand.self, NamespacesCommand.self, ListCommand.self,
            GetCommand.self, ApplyCommand.self, DeleteCommand.self, ActionCommand.self,
            SourcesCommand.self, RefreshCommand.self, JobsCommand.self, AuditCommand.self,
            GovernanceCommand.self, ApprovalsCommand.self, ChangesCommand.self, CacheCommand.self,
            VerifyCommand.self,
        ])

    static func main() async {
        await main(GlobalArguments.ordered(Array(CommandLine.arguments.dropFirst())))
    }
}
