import CatalogModel
import Postgres
import Telemetry

/// Looks at a database without changing anything: version, schema, triggers, digests, audit chains.
///
/// Reads every row of every namespace once, as the hourly comparison of the server does: about
/// ten microseconds an entity and twenty an audit event, while the replicas go on.
package struct DatabaseCheck: Sendable {
    private let configuration: PostgresConfiguration
    private let pool: Pool
    private let chain: AuditChain

    /// Takes a connection string; throws `.databaseUnavailable` for one that cannot be one.
    package init(dsn: String) throws(WriteError) {
        do throws(PostgresError) {
            var configuration = try PostgresConfiguration(dsn: dsn)
            configuration.applicationName = "catalogctl"
            self.configuration = configuration
            // One for the check of a chain beside the one that looks at the rest.
            pool = Pool(configuration: configuration, size: 2, reactor: try Reactor())
            chain = AuditChain(pool: pool, observer: .silent())
        } catch {
            throw WriteError(.databaseUnavailable, error.message, cause: error)
        }
    }

    /// Looks at everything; a part that cannot be looked at is a finding.
    package func run() async -> DatabaseReport {
        defer { pool.shutdown() }
        var report = DatabaseReport()
        do throws(PostgresError) {
            try await look(&report)
        } catch {
            report.isReachable = !report.parts.isEmpty
            report.finding(report.parts.isEmpty ? "connection" : "database", error.message)
        }
        return report
    }

    private func look(_ report: inout DatabaseReport) async throws(PostgresError) {
        let server = try await pool.query(Self.server)
        report.fine(
            "connection",
            "database \(try server.string(0, 0)) as \(try server.string(0, 1))")
        let version = "PostgreSQL \(try server.string(0, 2))"
        if try server.int64(0, 3) >= WriteLimits.oldestServerVersion {
            report.fine("version", version)
        } else {
            report.finding("version", "\(version); 15 or newer is needed")
        }
        guard try await lookAtMigrations(&report) else { return }
        try await lookAtTriggers(&report)
        let names = try await pool.query(Self.namespaces)
        for row in 0..<names.count {
            try await lookAtDigests(of: names.string(row, 0), &report)
        }
        let chains = try await pool.query(Self.chains)
        for row in 0..<chains.count { try await lookAtChain(chains.string(row, 0), &report) }
    }

    /// False where there are no tables that the other parts could look at.
    private func lookAtMigrations(
        _ report: inout DatabaseReport
    ) async throws(PostgresError) -> Bool {
        let part = "migrations"
        guard try await pool.query(Self.hasSchema).bool(0, 0) else {
            report.finding(part, "there is no schema yet; the first server makes it when it starts")
            return false
        }
        let rows = try await pool.query(Self.recorded)
        var known: [Int: String] = [:]
        for row in 0..<rows.count { known[Int(try rows.int64(row, 0))] = try rows.string(row, 1) }
        var missing: [String] = []
        var changed: [String] = []
        for migration in SchemaMigrations.all {
            let sum = try await pool.query(Self.checksum, [.bytes(migration.sql)]).string(0, 0)
            switch known.removeValue(forKey: migration.version) {
            case nil: missing.append(migration.title)
            case sum?: break
            default: changed.append(migration.title)
            }
        }
        if !changed.isEmpty {
            report.finding(part, "not those of this release: \(changed.joined(separator: ", "))")
        } else if !missing.isEmpty {
            report.finding(
                part,
                "a server of this release will add: \(missing.joined(separator: ", "))")
        } else {
            let newer = known.isEmpty ? "" : ", and \(known.count) of a newer release"
            report.fine(part, "\(SchemaMigrations.all.count) of this release\(newer)")
        }
        return missing.isEmpty
    }

    /// Without them, changes would have no revision and no replica would see them.
    private func lookAtTriggers(_ report: inout DatabaseReport) async throws(PostgresError) {
        let rows = try await pool.query(Self.triggers)
        let count = try rows.int64(0, 0)
        let disabled = rows.optionalString(0, 1)
        if let disabled {
            report.finding("triggers", "disabled: \(disabled)")
        } else if count == 0 {
            report.finding("triggers", "the table of entities has none")
        } else {
            report.fine("triggers", "\(count) on the tables of entities")
        }
    }

    private func lookAtDigests(
        of namespace: String, _ report: inout DatabaseReport
    ) async throws(PostgresError) {
        let name = Parameter.text(namespace)
        let rows = try await pool.query(Self.digests, [name], timeout: WriteLimits.digestTimeout)
        let part = "digests \(namespace)"
        let entities = try rows.int64(0, 1)
        let revision = try rows.int64(0, 2)
        guard try rows.bool(0, 0) else {
            let which = try await pool.query(
                Self.differing, [name], timeout: WriteLimits.digestTimeout)
            let differing = which.optionalString(0, 0) ?? "the stamp of a row or the namespace"
            return report.finding(part, "other than those of the entities: \(differing)")
        }
        report.fine(part, "\(entities) entities at revision \(revision)")
    }

    private func lookAtChain(
        _ namespace: String, _ report: inout DatabaseReport
    ) async throws(PostgresError) {
        let part = "audit \(namespace)"
        guard let name = try? Namespace(namespace) else {
            return report.finding(part, "a namespace cannot be named so")
        }
        do throws(RequestError) {
            let verdict = try await chain.verify(name)
            if let broken = verdict.firstBroken {
                let event = broken.sequence.map { "event \($0): " } ?? ""
                report.finding(
                    part, "after \(verdict.checked) intact events: \(event)\(broken.reason)")
            } else {
                report.fine(
                    part, "\(verdict.checked) events intact, the last is \(verdict.headSequence)")
            }
        } catch {
            report.finding(part, error.message)
        }
    }
}

extension DatabaseCheck {
    private static let server: Statement = """
        SELECT current_database(), current_user, current_setting('server_version'),
            current_setting('server_version_num')::bigint
        """
    private static let hasSchema: Statement = """
        SELECT to_regclass('schema_migrations') IS NOT NULL
        """
    private static let recorded: Statement = """
        SELECT version::bigint, checksum FROM schema_migrations
        """
    private static let checksum: Statement = "SELECT encode(sha256($1::bytea), 'hex')"
    private static let triggers: Statement = """
        SELECT count(*), string_agg(t.tgname || ' on ' || c.relname, ', ')
            FILTER (WHERE t.tgenabled = 'D')
        FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
        WHERE NOT t.tgisinternal
            AND c.oid IN (SELECT p.relid FROM pg_partition_tree('entities'::regclass) p)
        """
    private static let namespaces: Statement = """
        SELECT name FROM namespaces UNION SELECT DISTINCT namespace FROM entities ORDER BY 1
        """
    private static let chains: Statement = "SELECT namespace FROM audit_chains ORDER BY 1"
    /// One statement is one snapshot, so writes that come meanwhile are no findings.
    private static let digests: Statement = """
        SELECT catalog_digest_holds($1),
            (SELECT COALESCE(sum(c.entity_count), 0)::bigint FROM collections c
             WHERE c.namespace = $1),
            (SELECT COALESCE(max(n.revision), 0) FROM namespaces n WHERE n.name = $1)
        """
    private static let differing: Statement = """
        SELECT string_agg(plugin || '/' || kind, ', ' ORDER BY plugin, kind)
        FROM catalog_recompute_digest($1) r
        FULL JOIN (SELECT * FROM collections k WHERE k.namespace = $1) c USING (plugin, kind)
        WHERE COALESCE(r.digest, 0) <> COALESCE(c.digest, 0)
            OR COALESCE(r.entity_count, 0) <> COALESCE(c.entity_count, 0)
        """
}
