package import CatalogModel
package import Postgres
package import Telemetry

/// Changes sources on behalf of operators: the table, the config store and the audit in one step.
///
/// What clients call throws `RequestError`, with `.unavailable` when Postgres does not answer.
package struct SourceManager: Sendable {
    /// What a change came to.
    package struct Outcome: Sendable {
        /// The source after the change; nil once deleted.
        package let record: SourceRecord?
        /// The version in the config store; empty where there is none.
        package let version: String
    }

    /// The change that is wanted: nil deletes.
    package typealias Decision =
        @Sendable (_ present: SourceDefinition?) throws -> SourceDefinition?

    package let config: any ConfigStore
    let pool: Pool
    let observer: Observer
    let catalog: SourceCatalog

    /// Makes a manager over the pool's database.
    package init(pool: Pool, config: any ConfigStore, observer: Observer) {
        self.pool = pool
        self.config = config
        self.observer = observer
        catalog = SourceCatalog(pool: pool)
    }

    private static let lock: Statement =
        "SELECT pg_advisory_xact_lock(hashtextextended('catalog_sources:' || $1, 0))"
    private static let present = Statement(
        """
        SELECT \(SourceRows.columns) FROM catalog_sources s
        WHERE s.namespace = $1 AND s.plugin = $2 AND s.id = $3 AND s.position >= 0
        """)
    private static let put: Statement = """
        INSERT INTO catalog_sources AS s (namespace, plugin, id, name, type, enabled, labels,
            properties, included_items, excluded_items, position, origin, state)
        SELECT $1, $2, $3, f.name, f.type, f.enabled, f.labels, f.properties,
            f.included_items, f.excluded_items,
            (SELECT COALESCE(max(o.position) + 1, 0) FROM catalog_sources o
                WHERE o.namespace = $1 AND o.plugin = $2),
            f.origin, CASE WHEN f.enabled THEN 'loading' ELSE 'disabled' END
        FROM jsonb_to_record($4::jsonb) AS f(name text, type text, enabled boolean,
            labels text[], properties jsonb, included_items text[], excluded_items text[],
            origin text)
        ON CONFLICT (namespace, plugin, id) DO UPDATE
        SET name = EXCLUDED.name, type = EXCLUDED.type, enabled = EXCLUDED.enabled,
            labels = EXCLUDED.labels, properties = EXCLUDED.properties,
            included_items = EXCLUDED.included_items, excluded_items = EXCLUDED.excluded_items,
            position = CASE WHEN s.position < 0 THEN EXCLUDED.position ELSE s.position END,
            origin = EXCLUDED.origin,
            state = CASE WHEN NOT EXCLUDED.enabled THEN 'disabled'
                WHEN s.enabled THEN s.state ELSE 'loading' END
        """
    private static let remove: Statement = """
        UPDATE catalog_sources SET enabled = false, state = 'disabled', position = -1
        WHERE namespace = $1 AND plugin = $2 AND id = $3
        """

    /// The sources of a plugin in the order of the configuration.
    package func sources(
        _ namespace: Namespace, _ plugin: PluginDefinition
    ) async throws(RequestError) -> [SourceRecord] {
        try await answering(namespace) {
            try await catalog.sources(namespace, plugin: plugin.name)
        }
    }

    /// One source, or nil.
    package func source(_ key: SourceKey) async throws(RequestError) -> SourceRecord? {
        try await answering(key.namespace) {
            let rows = try await pool.query(Self.present, key.parameters)
            return rows.isEmpty ? nil : try SourceRows.record(rows, 0)
        }
    }

    /// The version of the configuration that a change has to find unchanged.
    package func version(of key: SourceKey) async throws(RequestError) -> String {
        try await answering(key.namespace) { try await config.version(of: key) }
    }

    /// The states in which a source was kept, newest first; throws `.notFound` for no source at all.
    package func revisions(
        of key: SourceKey
    ) async throws(RequestError) -> [ConfigRevision] {
        let revisions = try await answering(key.namespace) {
            try await config.revisions(of: key)
        }
        guard revisions.isEmpty else { return revisions }
        guard try await source(key) != nil else { throw key.notFound }
        return []
    }

    /// The source as it was in a state; throws `.notFound` for an unknown version.
    ///
    /// Nil: the source was deleted.
    package func definition(
        of key: SourceKey, at version: String
    ) async throws(RequestError) -> SourceDefinition? {
        try await answering(key.namespace) { try await config.definition(of: key, at: version) }
    }

    /// Decides on the present definition and makes the change, its audit event and its version one.
    ///
    /// Throws `.conflict` when the configuration is not at `expected` any more.
    package func change(
        _ key: SourceKey, expecting expected: String, actor: String, audit: AuditEvent?,
        _ decide: @escaping Decision
    ) async throws(RequestError) -> Outcome {
        let lockKey = "\(key.namespace.name):\(key.plugin.name):\(key.id)"
        let version = try await answering(key.namespace) {
            try await pool.transaction { connection in
                _ = try await connection.query(Self.lock, [.text(lockKey)])
                let rows = try await connection.query(Self.present, key.parameters)
                let before = rows.isEmpty ? nil : try SourceRows.record(rows, 0).definition
                let after = try decide(before)
                if let after {
                    _ = try await connection.query(
                        Self.put,
                        key.parameters + [.json(JSONValue.object(after.rowJSON).encodedText)])
                } else {
                    _ = try await connection.query(Self.remove, key.parameters)
                }
                if let audit {
                    let query = AuditWriter.statement(audit)
                    _ = try await connection.query(query.statement, query.parameters)
                }
                return try await config.record(
                    ConfigChange(before: before, after: after, actor: actor), of: key,
                    expecting: expected, on: connection)
            }
        }
        return Outcome(record: try await source(key), version: version)
    }

    func answering<R>(
        _ namespace: Namespace, _ body: () async throws -> R
    ) async throws(RequestError) -> R {
        do {
            return try await body()
        } catch {
            throw RequestError.of(error, namespace: namespace.name, observer: observer)
        }
    }
}
