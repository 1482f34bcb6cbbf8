import ArgumentParser
import CatalogModel
import WritePath

/// What operators do with the database.
struct DatabaseCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "db", abstract: "Looks at the database.", subcommands: [DatabaseVerdict.self])
}

/// Looks at a database without a server.
struct DatabaseVerdict: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check",
        abstract: "Looks at version, schema, triggers, digests and audit chains; changes nothing.",
        discussion: """
            Reads every entity and every audit event once. Exit codes: 0 everything is as it should \
            be; 1 something is not; 3 the database cannot be reached; 64 there is no connection \
            string, or it is none.
            """)

    @Option(
        help: """
            The connection string; DATABASE_DSN holds one, too, and shows its password to nobody.
            """)
    var dsn: String?

    @Option(name: .shortAndLong, help: "How the result is printed.")
    var output: OutputFormat = .table

    func run() async throws {
        let setting = dsn == nil ? "DATABASE_DSN" : "--dsn"
        guard let dsn = dsn ?? ServerOptions.variable("DATABASE_DSN") else {
            throw ValidationError("there is no connection string: set DATABASE_DSN or give --dsn")
        }
        let check: DatabaseCheck
        do throws(WriteError) {
            check = try DatabaseCheck(dsn: dsn)
        } catch {
            throw ValidationError("\(setting): \(error.message)")
        }
        let report = await check.run()
        let rows = report.parts.map(\.json)
        let json = JSONValue.object([
            "fine": .bool(!report.hasFindings), "checks": .array(rows),
        ])
        switch output {
        case .table:
            Output.write(
                TextTable.lines(
                    rows,
                    [.init("check", "check"), .init("state", "state"), .init("detail", "detail")],
                    isCut: false))
        case .json: Output.write([json.encodedText])
        case .yaml: Output.write(YAMLText.document(json))
        }
        guard report.isReachable else { throw ExitStatus.unreachable.code }
        if report.hasFindings { throw ExitStatus.failed.code }
    }
}
