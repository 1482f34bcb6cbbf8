import ArgumentParser
import CatalogModel
import Foundation

/// What operators do with the settings of a server.
struct ConfigCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "config", abstract: "Looks at the settings of a server.",
        subcommands: [ConfigPrint.self])
}

/// Prints what a server would start with here.
struct ConfigPrint: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "print",
        abstract: "Prints every setting that a server would start with here, secrets masked.",
        discussion: """
            The program catalog-server is asked, which lies beside this one or in PATH, in this \
            environment and with the options after --. Exit codes: 0 it would start; 1 it would \
            not; 3 there is no such program.
            """)

    @Option(name: .shortAndLong, help: "How the result is printed.")
    var output: OutputFormat = .table

    @Flag(help: "Only settings that are not at their standard.")
    var changed = false

    @Argument(
        parsing: .postTerminator, help: "Options of the server, such as -- --listen :9000.")
    var options: [String] = []

    func run() async throws {
        guard let program = ServerProgram.path else {
            Output.complain("there is no catalog-server beside this program or in PATH")
            throw ExitStatus.unreachable.code
        }
        let run = try await ServerProgram.run(program, ["--print-config"] + options)
        var listing = ConfigListing(run.output)
        if changed { listing.settings.removeAll { $0["origin"] == "default" } }
        switch output {
        case .table:
            Output.write(
                TextTable.lines(
                    listing.settings,
                    [.init("setting", "name"), .init("value", "value"), .init("origin", "origin")],
                    isCut: false))
            for row in listing.ignored {
                Output.write([
                    "ignored: \(row["name"]?.stringValue ?? ""): "
                        + "\(row["reason"]?.stringValue ?? "")"
                ])
            }
        case .json: Output.write([listing.json.encodedText])
        case .yaml: Output.write(YAMLText.document(listing.json))
        }
        guard run.status == 0 else {
            Output.complain(run.problem)
            throw ExitStatus.failed.code
        }
    }
}

/// The lines of `catalog-server --print-config`, taken apart.
struct ConfigListing {
    var settings: [JSONValue] = []
    private(set) var ignored: [JSONValue] = []

    init(_ text: String) {
        for line in text.split(separator: "\n") {
            if line.hasPrefix("# ignored: ") {
                let parts = line.dropFirst("# ignored: ".count).split(
                    separator: ":", maxSplits: 1)
                ignored.append(
                    .object([
                        "name": .string(String(parts[0])),
                        "reason": .string(
                            String(parts.count > 1 ? parts[1].drop { $0 == " " } : "")),
                    ]))
            } else if let equals = line.firstIndex(of: "="), line.hasSuffix(")"),
                let open = line.range(of: "  (", options: .backwards)
            {
                settings.append(
                    .object([
                        "name": .string(String(line[..<equals])),
                        "value": .string(
                            String(line[line.index(after: equals)..<open.lowerBound])),
                        "origin": .string(String(line[open.upperBound...].dropLast())),
                    ]))
            }
        }
    }

    var json: JSONValue {
        .object(["settings": .array(settings), "ignored": .array(ignored)])
    }
}
