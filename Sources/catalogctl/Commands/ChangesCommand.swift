import ArgumentParser
import CatalogClient
import CatalogModel

/// Prints the changes of a namespace as they come.
struct ChangesCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "changes", abstract: "Prints every change of a namespace as it comes, once.",
        discussion: """
            It goes on where a replica ends or fails, after the last whole transaction. Exit codes: 1 \
            the place is lost (list again); 3 no server could be asked.
            """)

    @OptionGroup var common: CommonOptions

    @Option(help: "Begins after this revision or cursor; with new changes if not given.")
    var from: String?

    @Option(help: "Only changes of a plugin.")
    var plugin: String?

    @Option(help: "Only changes of a kind.")
    var kind: String?

    @Flag(help: "With the documents.")
    var documents = false

    @Option(help: "Ends after so many changes; never if not given.")
    var count: Int?

    func run() async throws {
        try await common.session { session in
            var wanted = ChangeSubscription()
            wanted.from = from
            wanted.namespace = session.namespace
            wanted.plugin = plugin
            wanted.kind = kind
            wanted.hasDocuments = documents
            var printed = 0
            try await session.client.follow(wanted) { event in
                switch event {
                case .transaction(let changes, _):
                    for change in changes where printed < count ?? .max {
                        Output.write(Self.text(change, session.format))
                        printed += 1
                    }
                case .bookmark: break
                case .reset(let details):
                    throw CommandError(.failed, "the place is lost: \(details.encodedText)")
                }
                return printed < count ?? .max
            }
        }
    }

    private static func text(_ change: JSONValue, _ format: OutputFormat) -> String {
        switch format {
        case .json: return "\(change.encodedText)\n"
        case .yaml: return "---\n\(YAMLText.document(change))"
        case .table:
            let columns = ["revision", "op", "plugin", "kind", "source", "name"]
            return TextTable.line(change, columns.map { .init($0, $0) }) + "\n"
        }
    }
}
