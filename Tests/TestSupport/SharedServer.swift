/// The server that tests share as long as they leave what others look at as it is.
///
/// Single tenancy, the sample catalogs, a database of its own.
package enum SharedServer {
    private static let starting = Task { try await ServerProcess.ready() }

    /// The server, started and ready on first use.
    package static func get() async throws -> ServerProcess { try await starting.value }
}
