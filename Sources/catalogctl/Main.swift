import ArgumentParser

/// The command line for operators of a catalog; every command works through the public API.
@main
struct CatalogControl: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "catalogctl",
        abstract: "Looks after a catalog that one or more replicas serve.",
        subcommands: [VerifyCommand.self, AuditCommand.self])
}
