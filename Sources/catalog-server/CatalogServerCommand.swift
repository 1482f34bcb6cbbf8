import ArgumentParser
import Server

/// The command line of the server; every flag wins over its environment variable.
@main
struct CatalogServerCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "catalog-server",
        abstract: "Serves catalogs from a cache that follows Postgres.",
        version: CatalogServer.version, subcommands: [VerifyCache.self])

    @Option(help: "Address to listen on (default :8080).")
    var listen: String?

    @Option(help: "File that configures the sources (default /config/sources.yaml).")
    var sources: String?

    @Option(help: "Where changed sources are kept: database or none.")
    var configStore: String?

    @Option(help: "Kind of the database: postgres or sqlite (the standard without a DSN).")
    var dbType: String?

    @Option(help: "Connection string of the database.")
    var dbDsn: String?

    @Flag(
        help: """
            Print every setting with its origin, secrets masked, and exit; with 1 and the reason where the \
            server would not start.
            """)
    var printConfig = false

    func run() async throws {
        var flags: [String: String] = [:]
        flags["listen"] = listen
        flags["sources"] = sources
        flags["config-store"] = configStore
        flags["db-type"] = dbType
        flags["db-dsn"] = dbDsn
        let reader = ConfigurationReader(flags: flags)
        if printConfig {
            for line in reader.listing() { print(line) }
            for setting in try ServerConfiguration(reader).ignored {
                print("# ignored: \(setting.name): \(setting.reason)")
            }
            return
        }
        try await CatalogServer(configuration: ServerConfiguration(reader)).run()
    }
}

/// Checks cache files in a process of its own; started by the server, not by people.
struct VerifyCache: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: ChildVerifier.command, abstract: "Checks cache files.", shouldDisplay: false)

    @Argument var directory: String
    @Argument var namespaces: [String]

    func run() {
        ChildVerifier.verify(directory: directory, namespaces: namespaces)
    }
}
