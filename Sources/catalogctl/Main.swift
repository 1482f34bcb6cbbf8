import ArgumentParser

/// The command line for operators of a catalog; every command works through the public API.
///
/// `config`, `db` and `store` are the exceptions: they look at what a server would start with.
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
            ConfigCommand.self, DatabaseCommand.self, VerifyCommand.self, StoreCommand.self,
        ])

    static func main() async {
        let arguments = GlobalArguments.ordered(Array(CommandLine.arguments.dropFirst()))
        if let problem = CommandNames.problem(in: arguments, of: Self.self) {
            Output.complain(problem)
            exit(withError: ExitStatus.usage.code)
        }
        await main(arguments)
    }
}
