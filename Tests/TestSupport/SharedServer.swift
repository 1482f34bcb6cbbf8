/// The server that tests share as long as they leave what others look at as it is.
///
/// Single tenancy, or the namespace `default` where this run wants tenants; the sample catalogs, a
/// database of its own.
package enum SharedServer {
    private static let starting = Task {
        guard ContractMode.sharesNamespaces else { return try await ServerProcess.readyInMode() }
        return try await ServerProcess.readyInMode(
            .init(environment: ["CATALOG_TENANCY_MODE": "namespace"]), namespace: "default")
    }

    /// The server, started and ready on first use.
    package static func get() async throws -> ServerProcess { try await starting.value }
}
