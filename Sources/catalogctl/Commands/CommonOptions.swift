import ArgumentParser
import CatalogClient
import Foundation

/// The options of every command that works in one namespace.
struct CommonOptions: ParsableArguments {
    @OptionGroup var servers: ServerOptions

    @Option(name: .shortAndLong, help: "The namespace. CATALOG_NAMESPACE holds it, too.")
    var namespace: String?

    /// Runs a command's work and turns what goes wrong into a message and an exit code.
    func session(_ body: (ControlSession) async throws -> Void) async throws {
        let namespace = self.namespace ?? ServerOptions.variable("CATALOG_NAMESPACE")
        do {
            try await CatalogClient.with(servers: servers.server, fields: servers.fields) {
                client in
                try await body(
                    ControlSession(
                        client: client, namespace: namespace, format: servers.output))
            }
        } catch let error as ClientError where error.code == .address {
            throw ValidationError(error.description)
        } catch let error as ClientError {
            Output.complain(error.description)
            throw ExitStatus.unreachable.code
        } catch let error as CommandError {
            Output.complain(error.message)
            throw error.status.code
        }
    }
}
