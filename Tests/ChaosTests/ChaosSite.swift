import CatalogModel
import Foundation
import HistoryChecker
import Synchronization
import TestSupport

/// Three replicas, each behind a relay of its own to Postgres, and a standby behind another.
final class ChaosSite: Sendable {
    static let namespaces = ["one", "two", "three"]
    static let replicaCount = 3
    static let registers = namespaces.flatMap { namespace in
        ["a", "b", "c"].map { Register(namespace: namespace, name: $0) }
    }
    static let canFillDisk = SmallDisk.isPossible
    static let list = "/api/agents_catalog/v1alpha1/agents"

    static func path(of register: Register) -> String { "\(list)/\(register.name)" }

    private struct State {
        var primary: PostgresCluster
        var standby: PostgresCluster?
        /// Counts the lives of each replica's process.
        var lives = [Int](repeating: 0, count: ChaosSite.replicaCount)
    }

    let replicas: [ServerProcess]
    /// The way from each replica to Postgres.
    let ways: [TCPProxy]
    /// The way from the standby to the primary.
    let link: TCPProxy
    /// Below the cache of the last replica.
    let disk: SmallDisk?
    private let database: String
    private let state: Mutex<State>

    private init(
        replicas: [ServerProcess], ways: [TCPProxy], link: TCPProxy, disk: SmallDisk?,
        database: String, primary: PostgresCluster, standby: PostgresCluster?
    ) {
        self.replicas = replicas
        self.ways = ways
        self.link = link
        self.disk = disk
        self.database = database
        state = Mutex(State(primary: primary, standby: standby))
    }

    // MARK: Start

    static func make(needsStandby: Bool) async throws -> ChaosSite {
        let primary = try await PostgresCluster.separate()
        let dsn = try await primary.makeDatabase()
        let database = dsn.split(separator: " ").first { $0.hasPrefix("dbname=") }?.dropFirst(7)
        let name = String(database ?? "")
        // The cluster of the tests is fast and forgetful; here a commit has to last.
        try await primary.sql("ALTER DATABASE \"\(name)\" SET synchronous_commit = on")
        let target = TCPProxy.Target.path(primary.socketPath)
        let link = try await TCPProxy.start(to: target)
        var ways: [TCPProxy] = []
        var replicas: [ServerProcess] = []
        let disk = canFillDisk ? try SmallDisk(megabytes: 24) : nil
        for number in 0..<replicaCount {
            let way = try await TCPProxy.start(to: target)
            ways.append(way)
            let isLast = number == replicaCount - 1
            replicas.append(
                try await ServerProcess.ready(
                    ServerProcess.Options(
                        environment: environment, sources: try noSources(),
                        dsn: "host=127.0.0.1 port=\(way.port) dbname=\(name) user=postgres",
                        cacheDirectory: isLast ? disk.map { "\($0.path)/caches" } : nil)))
        }
        let site = ChaosSite(
            replicas: replicas, ways: ways, link: link, disk: disk, database: name,
            primary: primary,
            standby: needsStandby ? try await PostgresCluster.standby(ofPort: link.port) : nil)
        try await site.seed()
        return site
    }

    private static let environment = [
        "CATALOG_TENANCY_MODE": "namespace",
        "CATALOG_NAMESPACES": namespaces.joined(separator: ","),
        // The log is the witness; nothing of it may go during a run.
        "CATALOG_LOG_MAX_AGE_SECONDS": "86400", "CATALOG_LOG_MAX_REVISIONS": "100000000",
        "CATALOG_LOG_KEEP_SECONDS": "86400", "CATALOG_LOG_KEEP_REVISIONS": "100000000",
        "CATALOG_ACCESS_LOG_SAMPLE": "0",
    ]

    private static func noSources() throws -> String {
        let path = "\(try ServerFiles.temporaryFolder())/sources.yaml"
        try "apiVersion: catalog/v1alpha1\nkind: CatalogSources\ncatalogs: {}\n"
            .write(toFile: path, atomically: true, encoding: .utf8)
        return path
    }

    /// Every register has a value, and every replica has the collections in its cache.
    private func seed() async throws {
        for register in Self.registers {
            let answer = try await replicas[0].client.put(
                Self.path(of: register), headers: Self.headers(register.namespace),
                json: ["name": .string(register.name), "category": "v0"])
            guard answer.status < 300 else {
                throw ChaosFailure(description: "seeding failed: \(answer.text)")
            }
        }
        for replica in replicas {
            for namespace in Self.namespaces {
                try await eventually("\(namespace) in the cache") {
                    let answer = try await replica.client.get(
                        Self.list, headers: Self.headers(namespace))
                    return answer.header("X-Cache") == "HIT"
                }
            }
        }
    }

    static func headers(_ namespace: String) -> [String: String] {
        ["X-Namespace": namespace, "X-User-Role": "operator"]
    }

    // MARK: Replicas

    /// A number of its own for each life of each replica's process.
    func life(of replica: Int) -> Int {
        state.withLock { $0.lives[replica] * Self.replicaCount + replica }
    }

    func beginLife(of replica: Int) { state.withLock { $0.lives[replica] += 1 } }

    // MARK: Postgres

    var primary: PostgresCluster { state.withLock { $0.primary } }

    var standby: PostgresCluster? { state.withLock { $0.standby } }

    /// The standby is the primary from now on; there is no other standby yet.
    func exchangePrimary(by standby: PostgresCluster) {
        state.withLock {
            $0.primary = standby
            $0.standby = nil
        }
    }

    /// Makes a standby of the present primary, if there is none.
    func makeStandby() async throws {
        guard standby == nil else { return }
        link.redirect(to: .path(primary.socketPath))
        let next = try await PostgresCluster.standby(ofPort: link.port)
        state.withLock { $0.standby = next }
    }

    // MARK: What the store says

    /// The rows of a query, by columns.
    func rows(_ query: String, on cluster: PostgresCluster) async throws -> [[String]] {
        try await cluster.sql(query, database: database).split(separator: "\n").map { line in
            line.split(separator: "|", omittingEmptySubsequences: false).map(String.init)
        }
    }

    func heads(on cluster: PostgresCluster) async throws -> [String: UInt64] {
        let rows = try await rows("SELECT name, revision FROM namespaces", on: cluster)
        return Dictionary(uniqueKeysWithValues: rows.map { ($0[0], UInt64($0[1]) ?? 0) })
    }

    func values(on cluster: PostgresCluster) async throws -> [Register: String] {
        let rows = try await rows(
            "SELECT namespace, name, doc->>'category' FROM entities WHERE kind = 'Agent'",
            on: cluster)
        return Dictionary(
            uniqueKeysWithValues: rows.map {
                (Register(namespace: $0[0], name: $0[1]), $0[2])
            })
    }

    /// Makes empty revisions until a namespace is past a number.
    func outrun(_ revision: UInt64, in namespace: String) async throws {
        try await primary.sql(
            """
            DO $$ BEGIN
                WHILE (SELECT revision FROM namespaces WHERE name = '\(namespace)') <= \(revision)
                LOOP PERFORM catalog_bump('\(namespace)'); COMMIT; END LOOP;
            END $$
            """, database: database)
    }

    /// Puts what the store says about its history into an era.
    func testify(_ era: inout Era, on cluster: PostgresCluster) async throws {
        era.final = try await values(on: cluster)
        era.log = try await rows(
            "SELECT namespace, name, revision, op FROM revision_changes WHERE kind = 'Agent'",
            on: cluster
        ).map {
            LogRow(
                revision: UInt64($0[2]) ?? 0,
                register: Register(namespace: $0[0], name: $0[1]), isDelete: $0[3] == "delete")
        }
        for row in try await rows(
            "SELECT namespace, revision FROM revisions ORDER BY namespace, revision", on: cluster)
        {
            era.revisions[row[0], default: []].append(UInt64(row[1]) ?? 0)
        }
    }
}
