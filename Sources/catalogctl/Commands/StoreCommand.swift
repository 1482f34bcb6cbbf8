import ArgumentParser
import CatalogModel
import Embedded
import Postgres
import Telemetry
import WritePath

/// What operators do with the store itself, without a server.
struct StoreCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "store", abstract: "Looks after the store of a server that is stopped.",
        subcommands: [StoreCopyCommand.self])
}

/// Moves an embedded store to Postgres.
struct StoreCopyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "copy",
        abstract: "Moves everything that an embedded store holds to an empty Postgres.",
        discussion: """
            The server that has the file must be stopped. The target gets its schema, then all rows in \
            one transaction; counts, digests and audit chains are compared before it is committed. The \
            file stays as it is. Exit codes: 0 moved; 1 refused or different; 3 a store could not be \
            opened; 64 the command line is wrong.
            """)

    @Option(help: "File of the embedded store.")
    var from: String

    @Option(help: "Connection string of the target; DATABASE_DSN where none is given.")
    var to: String?

    @Option(name: .shortAndLong, help: "How the result is printed.")
    var output: OutputFormat = .table

    func run() async throws {
        guard let dsn = to ?? MachineFacts.environment()["DATABASE_DSN"], !dsn.isEmpty else {
            throw ValidationError("name the target by --to or DATABASE_DSN")
        }
        do {
            let target: PostgresConfiguration
            do throws(PostgresError) {
                target = try PostgresConfiguration(dsn: dsn)
            } catch {
                throw ValidationError("\(to == nil ? "DATABASE_DSN" : "--to"): \(error.message)")
            }
            let report = try await copy(to: target)
            show(report)
        } catch let error as WriteError {
            Output.complain("\(error)")
            throw error.code == .databaseUnavailable
                ? ExitStatus.unreachable.code : ExitStatus.failed.code
        } catch let error as PostgresError {
            Output.complain("\(error)")
            throw error.code == .connectFailed
                ? ExitStatus.unreachable.code : ExitStatus.failed.code
        }
    }

    private func show(_ report: StoreCopy.Report) {
        let tables = report.rows.map { row in
            JSONValue.object([
                "table": .string(row.table), "rows": .number(JSONNumber(Int64(row.count))),
            ])
        }
        let json = JSONValue.object([
            "tables": .array(tables), "namespaces": .number(JSONNumber(Int64(report.namespaces))),
        ])
        switch output {
        case .table:
            let rows = report.rows.reduce(0) { $0 + $1.count }
            Output.write([
                "copied \(rows) rows; digests of \(report.namespaces) namespaces and all audit "
                    + "chains are the same"
            ])
        case .json: Output.write([json.encodedText])
        case .yaml: Output.write(YAMLText.document(json))
        }
    }

    private func copy(to target: PostgresConfiguration) async throws -> StoreCopy.Report {
        guard EmbeddedStore.exists(at: from) else {
            throw PostgresError(.connectFailed, "there is no store at \(from)")
        }
        let source = PostgresConfiguration(embedded: try EmbeddedStore(path: from))
        let copy = StoreCopy(
            from: source, to: target, reactor: try Reactor(), observer: .silent()
        ) { [output] table, rows in
            if output == .table { Output.write(["\(table): \(rows)"]) }
        }
        return try await copy.run()
    }
}
