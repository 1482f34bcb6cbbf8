import ArgumentParser

/// Puts load on a catalog server and judges what comes back.
@main
struct CatalogLoad: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "catalog-load",
        abstract: "Puts load on a catalog server and judges what comes back.",
        subcommands: [
            RunCommand.self, ListCommand.self, ReportCommand.self, CompareCommand.self,
        ])
}
