import ArgumentParser
import CatalogClient
import CatalogModel

/// Has a plugin's sources read again.
struct RefreshCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "refresh",
        abstract: "Has the sources of a plugin, or one of them, read again.",
        discussion: """
            Exit codes with --wait: 0 it succeeded; 1 it failed or was canceled; 4 it did not end in \
            time, and goes on.
            """)

    @OptionGroup var options: SourceOptions

    @Argument(help: "The id of a source; all of the plugin's if there is none.")
    var source: String?

    @Flag(help: "Waits for the end, and shows on standard error how far it is.")
    var wait = false

    @Option(help: "Seconds that --wait waits at the most.")
    var timeout = 300

    func run() async throws {
        try await options.session { session, management in
            let path = source.map { "/\(CatalogRequest.encoded($0))" } ?? ""
            let answer = try await session.send("POST", "\(management)/refresh\(path)", nil)
            guard let id = answer["jobId"]?.stringValue else {
                // Without jobs the server has done it already.
                session.show(answer)
                if answer["error"]?.stringValue != nil { throw ExitStatus.failed.code }
                return
            }
            guard wait else { return session.show(answer) }
            try await session.showEnd(of: id, within: .seconds(timeout))
        }
    }
}
