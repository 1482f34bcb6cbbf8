import Foundation
import TestSupport

/// A database, a folder of source files and the settings that the replicas of one test share.
///
/// The folder goes with it; replicas hold it as long as they are there.
final class Deployment: Sendable {
    let cluster: PostgresCluster
    let dsn: String
    /// Where the source files lie.
    let folder: String
    let environment: [String: String]

    private init(
        cluster: PostgresCluster, dsn: String, folder: String, environment: [String: String]
    ) {
        self.cluster = cluster
        self.dsn = dsn
        self.folder = folder
        self.environment = environment
    }

    deinit { try? FileManager.default.removeItem(atPath: folder) }

    private static let noSources = """
        apiVersion: catalog/v1alpha1
        kind: CatalogSources
        catalogs: {}

        """

    /// A new database; without files the replicas have no sources.
    static func make(
        files: [String: String] = [:], environment: [String: String] = [:],
        cluster: PostgresCluster? = nil
    ) async throws -> Deployment {
        let cluster = if let cluster { cluster } else { try await PostgresCluster.shared() }
        let site = Deployment(
            cluster: cluster, dsn: try await cluster.makeDatabase(),
            folder: try ServerFiles.temporaryFolder(), environment: environment)
        try site.write(noSources, to: "sources.yaml")
        for (name, text) in files { try site.write(text, to: name) }
        return site
    }

    /// Puts a source file into its place, whole or not at all.
    func write(_ text: String, to file: String) throws {
        try text.write(toFile: path(of: file), atomically: true, encoding: .utf8)
    }

    func path(of file: String) -> String { "\(folder)/\(file)" }

    func options(sources: String? = nil) -> ServerProcess.Options {
        ServerProcess.Options(
            environment: environment, sources: sources ?? path(of: "sources.yaml"), dsn: dsn)
    }

    /// A replica that is ready.
    func replica() async throws -> Replica {
        Replica(server: try await ServerProcess.ready(options()), site: self)
    }

    /// Two replicas that are ready.
    func twins() async throws -> (Replica, Replica) {
        async let first = replica()
        async let second = replica()
        return (try await first, try await second)
    }

    // MARK: Postgres

    /// Makes the refreshes so far long past, so that the next one is not refused as too soon.
    func ageRefreshes() async throws {
        try await sql("UPDATE refresh_jobs SET requested_at = requested_at - interval '1 hour'")
    }

    /// Runs SQL by psql and returns its unaligned output.
    @discardableResult
    func sql(_ text: String) async throws -> String {
        let database = dsn.split(separator: " ").first { $0.hasPrefix("dbname=") }
        return try await cluster.sql(text, database: String(database?.dropFirst(7) ?? ""))
    }

    /// The newest revision of a namespace, as the store says.
    func head(of namespace: String = "default") async throws -> UInt64 {
        let text = try await sql("SELECT revision FROM namespaces WHERE name = '\(namespace)'")
        return UInt64(text) ?? 0
    }
}
