import ArgumentParser
import CatalogClient
import CatalogModel

/// Has the chain of audit events of each namespace checked.
struct AuditVerifyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify",
        abstract: "Checks that no audit event was changed, removed, added or moved.",
        discussion: """
            Exit codes: 0 every chain is intact; 1 a chain is broken; 3 a chain could not be checked; \
            64 the command line is wrong. With both of them 1 counts.
            """)

    @OptionGroup var servers: ServerOptions

    @Option(
        name: .shortAndLong,
        help: "A namespace to look at; all that the server names if there is none.")
    var namespace: [String] = []

    func run() async throws {
        var results: [AuditChainReport] = []
        do {
            results = try await CatalogClient.with(
                servers: servers.server, fields: servers.fields
            ) { client in
                try await check(client)
            }
        } catch let error as ClientError where error.code == .address {
            throw ValidationError(error.description)
        }
        for result in results {
            switch servers.output {
            case .table: Output.write([result.line])
            case .json: Output.write([result.json.encodedText])
            case .yaml: Output.write([YAMLText.document(result.json)])
            }
        }
        if results.contains(where: { $0.isBroken }) { throw ExitCode(1) }
        if results.contains(where: { $0.verdict == nil }) { throw ExitCode(3) }
    }

    private func check(_ client: CatalogClient) async throws -> [AuditChainReport] {
        var names = namespace
        if names.isEmpty {
            do {
                names = try await Self.namespaces(client)
            } catch let error as ClientError {
                return [AuditChainReport(namespace: "", problem: error.description)]
            }
        }
        var results: [AuditChainReport] = []
        for name in names { results.append(await Self.report(on: name, client)) }
        return results
    }

    private static func namespaces(_ client: CatalogClient) async throws -> [String] {
        let answer = try await client.send(.get("/api/tenancy/v1alpha1/namespaces"))
        let names = try answer.json()["namespaces"]?.arrayValue?.compactMap(\.stringValue) ?? []
        guard answer.isSuccess, !names.isEmpty else {
            throw ClientError(
                .malformed, "status \(answer.status), no namespaces", server: answer.server)
        }
        return names
    }

    private static func report(
        on namespace: String, _ client: CatalogClient
    ) async -> AuditChainReport {
        do {
            let answer = try await client.send(
                .get("/api/audit/v1alpha1/verify", namespace: namespace))
            guard answer.isSuccess else {
                return AuditChainReport(
                    namespace: namespace,
                    problem: "\(answer.server): status \(answer.status) \(answer.text)")
            }
            return AuditChainReport(namespace: namespace, verdict: try answer.json())
        } catch {
            return AuditChainReport(namespace: namespace, problem: "\(error)")
        }
    }
}
