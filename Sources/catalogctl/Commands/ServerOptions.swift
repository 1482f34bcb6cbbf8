import ArgumentParser

/// The options by which every command learns whom to ask.
struct ServerOptions: ParsableArguments {
    @Option(
        name: .long,
        help: ArgumentHelp(
            "Address of a replica; give one for each.", valueName: "url"))
    var server: [String] = ["http://localhost:8080"]

    @Option(name: .shortAndLong, help: "How the result is printed: table or json.")
    var output: OutputFormat = .table
}

/// How a command prints its result.
enum OutputFormat: String, ExpressibleByArgument, CaseIterable {
    case table, json
}
