import ArgumentParser
import Foundation

/// The options by which every command learns whom to ask, and as whom.
struct ServerOptions: ParsableArguments {
    @Option(
        name: .long,
        help: ArgumentHelp(
            "Address of a replica; give one for each. CATALOG_SERVER holds them, too.",
            valueName: "url"))
    var server: [String] = ServerOptions.standardServers

    @Option(name: .shortAndLong, help: "How the result is printed.")
    var output: OutputFormat = .table

    @Option(help: "The user that a trusted proxy would name.")
    var user: String?

    @Option(help: "A bearer token; CATALOG_TOKEN holds one, too, and shows it to nobody.")
    var token: String?

    @Option(help: "The role that a trusted proxy would name: operator or viewer.")
    var role: String?

    /// The header fields that say who asks.
    var fields: [(name: String, value: String)] {
        var fields: [(name: String, value: String)] = []
        if let user {
            fields += [("X-Remote-User", user), ("X-User-Principal", user)]
        }
        if let role { fields.append(("X-User-Role", role)) }
        let token = self.token ?? Self.variable("CATALOG_TOKEN")
        if let token { fields.append(("Authorization", "Bearer \(token)")) }
        return fields
    }

    /// The addresses of `CATALOG_SERVER`, parted by commas or spaces, else the usual one.
    private static var standardServers: [String] {
        let given = (variable("CATALOG_SERVER") ?? "").split { $0 == "," || $0 == " " }
        return given.isEmpty ? ["http://localhost:8080"] : given.map(String.init)
    }

    /// What the environment holds under a name, unless that is empty.
    static func variable(_ name: String) -> String? {
        ProcessInfo.processInfo.environment[name].flatMap { $0.isEmpty ? nil : $0 }
    }
}

/// How a command prints its result.
enum OutputFormat: String, ExpressibleByArgument, CaseIterable {
    case table, json, yaml
}
