import ArgumentParser
import CatalogClient
import CatalogModel

/// Lists the plugins.
struct PluginsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "plugins", abstract: "Lists the plugins and their kinds.")

    @OptionGroup var common: CommonOptions

    func run() async throws {
        try await common.session { session in
            let answer = try await session.get("/api/plugins")
            session.show(
                answer, rows: answer["plugins"]?.arrayValue ?? [],
                [
                    .init("name", "name"), .init("version", "version"), .init("healthy", "healthy"),
                    .init("kinds", "entityKinds"), .init("base path", "basePath"),
                ])
        }
    }
}

/// Lists the namespaces.
struct NamespacesCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "namespaces", abstract: "Lists the namespaces that the server names.")

    @OptionGroup var common: CommonOptions

    func run() async throws {
        try await common.session { session in
            let answer = try await session.get("/api/tenancy/v1alpha1/namespaces")
            let rows = (answer["namespaces"]?.arrayValue ?? []).map {
                JSONValue.object(["namespace": $0])
            }
            session.show(answer, rows: rows, [.init("namespace", "namespace")])
        }
    }
}

/// Asks every replica whether it is ready.
struct HealthCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "health", abstract: "Asks every replica whether it is ready.",
        discussion: """
            Exit codes: 0 every replica is ready; 1 one is not; 3 one cannot be asked.
            """)

    @OptionGroup var common: CommonOptions

    func run() async throws {
        try await common.session { session in
            var rows: [JSONValue] = []
            var failure: ExitStatus?
            for server in session.client.servers {
                do {
                    let answer = try await session.client.send(.get("/readyz").plain, to: server)
                    if !answer.isSuccess { failure = failure ?? .failed }
                    rows.append(try Self.row(server, answer.json()))
                } catch let error as ClientError {
                    failure = .unreachable
                    rows.append(
                        .object([
                            "server": .string(server), "status": "unreachable",
                            "error": .string(error.message),
                        ]))
                }
            }
            session.show(
                .object(["servers": .array(rows)]), rows: rows,
                [
                    .init("server", "server"), .init("status", "status"),
                    .init("database", "components.database.status"),
                    .init("plugins", "components.plugins.details"),
                    .init("leader", "components.leader_election.status"),
                ])
            if let failure { throw failure.code }
        }
    }

    private static func row(_ server: String, _ answer: JSONValue) -> JSONValue {
        var row = JSONObject()
        row["server"] = .string(server)
        for member in answer.objectValue?.members ?? [] { row[member.key] = member.value }
        return .object(row)
    }
}
