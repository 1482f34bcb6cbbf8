import CatalogModel
import Embedded
import Logging
import Postgres
import Synchronization
import Telemetry
import TestSupport

@testable import WritePath

/// A store on a migrated database of its own, and short ways to write and to look.
struct StoreFixture {
    static let reactor = Result { try Reactor() }

    /// The name of a migrated database that the others are copied from; made once.
    private static let template = Task {
        try await PostgresCluster.shared().template("store") { dsn in
            _ = try await Migrator(
                configuration: PostgresConfiguration(dsn: dsn), reactor: reactor.get(),
                observer: Observations().observer, usesLock: false
            ).run()
        }
    }

    let dsn: String
    let pool: Pool
    let store: CatalogStore
    let audit: AuditLog
    let observations = Observations()

    init(
        poolSize: Int = 4, faults: FaultPlan? = nil, isAuditEnabled: Bool = true,
        isGrouping: Bool = true, waitingWrites: Int = WriteLimits.waitingWrites,
        on kind: StoreUnderTest = .current
    ) async throws {
        if kind == .sqlite {
            let configuration = PostgresConfiguration(
                embedded: try EmbeddedStore(path: try StoreUnderTest.makeFile()))
            _ = try await Migrator(
                configuration: configuration, reactor: try Self.reactor.get(),
                observer: Observations().observer
            ).run()
            try self.init(
                configuration: configuration, poolSize: poolSize, isAuditEnabled: isAuditEnabled,
                isGrouping: isGrouping, waitingWrites: waitingWrites)
            return
        }
        let name = try await StoreFixture.template.value
        let dsn = try await PostgresCluster.shared().makeDatabase(template: name)
        try self.init(
            dsn: dsn, poolSize: poolSize, faults: faults, isAuditEnabled: isAuditEnabled,
            isGrouping: isGrouping, waitingWrites: waitingWrites)
    }

    init(
        dsn: String, poolSize: Int, faults: FaultPlan?, isAuditEnabled: Bool = true,
        isGrouping: Bool = true, waitingWrites: Int = WriteLimits.waitingWrites
    ) throws {
        var configuration = try PostgresConfiguration(dsn: dsn)
        configuration.faults = faults
        try self.init(
            configuration: configuration, dsn: dsn, poolSize: poolSize,
            isAuditEnabled: isAuditEnabled, isGrouping: isGrouping, waitingWrites: waitingWrites)
    }

    init(
        configuration: PostgresConfiguration, dsn: String = "", poolSize: Int,
        isAuditEnabled: Bool = true, isGrouping: Bool = true,
        waitingWrites: Int = WriteLimits.waitingWrites
    ) throws {
        self.dsn = dsn
        pool = Pool(
            configuration: configuration, size: poolSize, reactor: try Self.reactor.get(),
            acquireTimeout: .seconds(30))
        store = CatalogStore(
            pool: pool, observer: observations.observer, isAuditEnabled: isAuditEnabled,
            isGrouping: isGrouping, waitingWrites: waitingWrites)
        audit = AuditLog(pool: pool, observer: observations.observer)
    }

    // MARK: Writing

    static func kind(_ plugin: String) throws -> (PluginDefinition, KindDefinition) {
        guard let plugin = Plugins.named(plugin), let kind = plugin.kinds.first else {
            throw RequestError.notFound("plugin")
        }
        return (plugin, kind)
    }

    func context(
        _ method: String = "POST", namespace: String = "default", key: String? = nil,
        digest: [UInt8] = [1]
    ) throws -> WriteContext {
        WriteContext(
            namespace: try Namespace(namespace), actor: "alice", requestID: "r-1",
            method: method, path: "/api/agents_catalog/v1alpha1/agents", groups: ["g"],
            idempotencyKey: key, requestDigest: digest)
    }

    @discardableResult
    func run(
        _ operation: EntityCommand.Operation, plugin: String = "agents",
        namespace: String = "default", key: String? = nil, digest: [UInt8] = [1]
    ) async throws -> WriteResponse {
        let (plugin, kind) = try StoreFixture.kind(plugin)
        let command = EntityCommand(plugin: plugin, kind: kind, operation)
        let context = try context(namespace: namespace, key: key, digest: digest)
        return try await store.execute(command, context)
    }

    /// Runs an operation that must fail, and returns how; nil if it does not.
    func failure(
        _ operation: EntityCommand.Operation, plugin: String = "agents", key: String? = nil,
        digest: [UInt8] = [1]
    ) async throws -> RequestError? {
        do {
            try await run(operation, plugin: plugin, key: key, digest: digest)
            return nil
        } catch let error as RequestError {
            return error
        }
    }

    // MARK: Looking

    /// One row of texts, with a bar between its columns; empty without a row.
    func row(_ sql: String) async throws -> String {
        let rows = try await pool.query(Statement(sql))
        guard !rows.isEmpty else { return "" }
        return (0..<rows.columnCount).map { rows.optionalString(0, $0) ?? "-" }
            .joined(separator: "|")
    }

    func insert(source: String, name: String, plugin: String = "agents") async throws {
        let (_, kind) = try StoreFixture.kind(plugin)
        _ = try await pool.query(
            """
            INSERT INTO entities (plugin, kind, source, name, doc)
            VALUES ($1, $2, $3, $4, jsonb_build_object('name', $4::text)::jsonb)
            """, [.text(plugin), .text(kind.kind), .text(source), .text(name)])
    }

    /// Revisions, log rows, successful audit events and entities of all namespaces, as they must agree.
    func census() async throws -> String {
        try await row(
            """
            SELECT (SELECT sum(revision) FROM namespaces), (SELECT count(*) FROM revisions),
                (SELECT count(*) FROM audit_events WHERE outcome = 'success'),
                (SELECT count(*) FROM entities)
            """)
    }
}

extension WriteResponse {
    var json: JSONValue? { try? JSONParser.parse(body) }
}

/// An observer whose observations a test can read.
final class Observations: Sendable {
    private let seen = Mutex<[Observation]>([])

    var observer: Observer {
        Observer(
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() },
            registry: MetricsRegistry(), listener: { [self] in note($0) })
    }

    var all: [Observation] { seen.withLock { $0 } }

    func count(of kind: ObservationKind) -> Int { all.count { $0.kind == kind } }

    private func note(_ observation: Observation) { seen.withLock { $0.append(observation) } }
}
