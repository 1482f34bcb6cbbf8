package import CatalogModel
package import Postgres

/// The configured sources in Postgres, the same for every replica.
package final class SourceCatalog: Sendable {
    /// Whether every source has been tried at least once.
    package enum LoadState: Sendable, Equatable {
        case pending
        case complete
    }

    let pool: Pool

    /// Makes a catalog over the tables of the pool's database.
    package init(pool: Pool) {
        self.pool = pool
    }

    private static let recordset = """
        jsonb_to_recordset($2::jsonb) AS f(plugin text, id text, name text, type text,
            enabled boolean, labels text[], properties jsonb, included_items text[],
            excluded_items text[], position int, origin text)
        """
    // Keeps other replicas and refreshes out until commit; readers pass.
    static let lock: Statement = "LOCK TABLE catalog_sources IN SHARE ROW EXCLUSIVE MODE"
    private static let upsert = Statement(
        """
        INSERT INTO catalog_sources AS s (namespace, plugin, id, name, type, enabled, labels,
            properties, included_items, excluded_items, position, origin, state)
        SELECT $1, f.plugin, f.id, f.name, f.type, f.enabled, f.labels, f.properties,
            f.included_items, f.excluded_items, f.position, f.origin,
            CASE WHEN f.enabled THEN 'loading' ELSE 'disabled' END
        FROM \(recordset)
        WHERE NOT ($3 AND EXISTS (
            SELECT FROM source_revisions r
            WHERE r.namespace = $1 AND r.plugin = f.plugin AND r.source = f.id))
        ON CONFLICT (namespace, plugin, id) DO UPDATE
        SET name = EXCLUDED.name, type = EXCLUDED.type, enabled = EXCLUDED.enabled,
            labels = EXCLUDED.labels, properties = EXCLUDED.properties,
            included_items = EXCLUDED.included_items, excluded_items = EXCLUDED.excluded_items,
            position = EXCLUDED.position, origin = CASE
                -- What the API has put into the document does not become the operator's by that.
                WHEN s.origin = '' AND s.type = EXCLUDED.type
                    AND s.properties = EXCLUDED.properties THEN ''
                ELSE EXCLUDED.origin END,
            state = CASE WHEN NOT EXCLUDED.enabled THEN 'disabled'
                WHEN s.enabled THEN s.state ELSE 'loading' END
        WHERE (s.name, s.type, s.enabled, s.labels, s.properties, s.included_items,
                s.excluded_items, s.position, CASE WHEN s.origin = '' THEN EXCLUDED.origin
                    ELSE s.origin END)
            IS DISTINCT FROM (EXCLUDED.name, EXCLUDED.type, EXCLUDED.enabled, EXCLUDED.labels,
                EXCLUDED.properties, EXCLUDED.included_items, EXCLUDED.excluded_items,
                EXCLUDED.position, EXCLUDED.origin)
        RETURNING s.plugin
        """)
    private static let retire = Statement(
        """
        UPDATE catalog_sources s SET enabled = false, state = 'disabled', position = -1
        WHERE s.namespace = $1 AND s.position >= 0 AND NOT EXISTS (
            SELECT FROM \(recordset) WHERE f.plugin = s.plugin AND f.id = s.id)
            AND CASE WHEN $3 THEN s.origin <> '' AND NOT EXISTS (
                SELECT FROM source_revisions r
                WHERE r.namespace = $1 AND r.plugin = s.plugin AND r.source = s.id) ELSE true END
        RETURNING s.plugin
        """)
    private static let listed = Statement(
        """
        SELECT \(SourceRows.columns) FROM catalog_sources s
        WHERE s.namespace = $1 AND ($2::text IS NULL OR s.plugin = $2)
            AND ($3 OR s.position >= 0)
        ORDER BY s.plugin, s.position, s.id
        """)
    private static let plugins: Statement =
        "SELECT DISTINCT plugin FROM catalog_sources WHERE namespace = $1 ORDER BY plugin"
    private static let untried: Statement = """
        SELECT EXISTS (SELECT FROM catalog_sources WHERE namespace = $1 AND enabled
            AND position >= 0 AND last_refresh_status IS NULL)
        """

    /// Makes the file's sources those of the namespace; returns the plugins that changed, sorted.
    ///
    /// Any number of replicas may do this at once. A source that left the file is kept aside until
    /// a refresh of its plugin has removed its entities. Sources that were changed through the API
    /// stay as they are where the database keeps them, and otherwise give way to the file.
    /// Throws `.badRequest` when a source has the reserved id `api`.
    package func synchronize(
        _ configuration: SourcesConfiguration, namespace: Namespace = .default,
        keepsChanges: Bool = true
    ) async throws -> [String] {
        let values = try SourceCatalog.values(
            configuration, namespace, keepsChanges: keepsChanges)
        return try await pool.transaction { connection in
            _ = try await connection.query(SourceCatalog.lock)
            return try await SourceCatalog.write(values, on: connection)
        }
    }

    /// What the statements take; throws `.badRequest` when a source has the reserved id.
    static func values(
        _ configuration: SourcesConfiguration, _ namespace: Namespace, keepsChanges: Bool
    ) throws(RequestError) -> [Parameter] {
        if let source = configuration.sources.first(where: { $0.id == SourceRecord.reservedID }) {
            throw RequestError.badRequest(
                "source id \"\(source.id)\" of plugin \(source.plugin) is reserved")
        }
        let rows = configuration.catalogs.flatMap { catalog in
            catalog.sources.enumerated().map { SourceRows.json($0.element, position: $0.offset) }
        }
        return [
            .text(namespace.name), .json(JSONValue.array(rows).encodedText), .bool(keepsChanges),
        ]
    }

    /// Writes the sources on a connection that has the lock; returns the plugins that changed.
    static func write(_ values: [Parameter], on connection: Connection) async throws -> [String] {
        let written = try await connection.query(upsert, values)
        let retired = try await connection.query(retire, values)
        var plugins: Set<String> = []
        for rows in [written, retired] {
            for row in 0..<rows.count { plugins.insert(try rows.string(row, 0)) }
        }
        return plugins.sorted()
    }

    /// The sources of a plugin, or of all, in the order of the configuration.
    package func sources(
        _ namespace: Namespace, plugin: String? = nil
    ) async throws(PostgresError) -> [SourceRecord] {
        try await records(namespace, plugin: plugin, withRemoved: false)
    }

    /// The ids of each plugin's sources in the order of the configuration.
    package func order(_ namespace: Namespace) async throws(PostgresError) -> [String: [String]] {
        var order: [String: [String]] = [:]
        for record in try await sources(namespace) {
            order[record.definition.plugin, default: []].append(record.definition.id)
        }
        return order
    }

    /// The labels of each plugin's sources by source id.
    package func labels(
        _ namespace: Namespace
    ) async throws(PostgresError) -> [String: [String: [String]]] {
        var labels: [String: [String: [String]]] = [:]
        for record in try await sources(namespace) {
            let source = record.definition
            labels[source.plugin, default: [:]][source.id] = source.labels
        }
        return labels
    }

    /// Complete once every enabled source was refreshed, with success or without.
    package func initialLoadState(
        _ namespace: Namespace = .default
    ) async throws(PostgresError) -> LoadState {
        let rows = try await pool.query(SourceCatalog.untried, [.text(namespace.name)])
        return try rows.bool(0, 0) ? .pending : .complete
    }

    /// Asks for a refresh of every plugin that has sources or had some; returns the jobs.
    ///
    /// Safe from every replica at every start: the jobs are shared, and a refresh that finds
    /// nothing new makes no revision. `plugins` narrows it down. A refresh that was asked for
    /// within `age` counts even when it is over, so that replicas that start together ask once.
    package func enqueueInitialLoad(
        _ queue: JobQueue, namespace: Namespace = .default, only plugins: [String]? = nil,
        unlessAskedWithin age: Duration = .zero
    ) async throws -> [Job] {
        let rows = try await pool.query(SourceCatalog.plugins, [.text(namespace.name)])
        var jobs: [Job] = []
        for row in 0..<rows.count {
            let plugin = try rows.string(row, 0)
            guard plugins?.contains(plugin) ?? true else { continue }
            let enqueued = try await queue.enqueue(
                namespace, plugin: plugin, requestedBy: Job.system, unlessAskedWithin: age)
            jobs.append(enqueued.job)
        }
        return jobs
    }

    func records(
        _ namespace: Namespace, plugin: String?, withRemoved: Bool
    ) async throws(PostgresError) -> [SourceRecord] {
        try SourceRows.records(
            await pool.query(
                SourceCatalog.listed,
                [.text(namespace.name), .optional(plugin), .bool(withRemoved)]))
    }
}
