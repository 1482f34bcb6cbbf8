package import CatalogModel
package import Postgres

extension SourceCatalog {
    /// A source that is loaded without being asked, and how long ago that was.
    package struct Synced: Sendable, Hashable {
        package let namespace: Namespace
        package let definition: SourceDefinition
        /// Time since the last refresh ended; nil before the first.
        package let age: Duration?
        /// When it ended, in milliseconds since 1970; nil before the first.
        package let refreshedAtMs: Int64?
        package let hasFailed: Bool

        /// Describes a source as the plan needs it.
        package init(
            namespace: Namespace, definition: SourceDefinition, age: Duration?,
            refreshedAtMs: Int64?, hasFailed: Bool
        ) {
            self.namespace = namespace
            self.definition = definition
            self.age = age
            self.refreshedAtMs = refreshedAtMs
            self.hasFailed = hasFailed
        }
    }

    private static let synced = Statement(
        """
        SELECT \(SourceRows.columns),
            floor(extract(epoch FROM clock_timestamp() - s.last_refresh_time) * 1000)::bigint
        FROM catalog_sources s
        WHERE s.enabled AND s.position >= 0 AND (s.type <> 'yaml' OR s.origin <> '')
        ORDER BY s.namespace, s.plugin, s.id
        LIMIT \(JobLimits.syncedSources)
        """)

    /// The enabled sources of all namespaces that have a file or are fetched from elsewhere.
    package func syncedSources() async throws(PostgresError) -> [Synced] {
        let rows = try await pool.query(Self.synced)
        var sources: [Synced] = []
        for row in 0..<rows.count {
            let record = try SourceRows.record(rows, row)
            let ageMs = try rows.optionalInt64(row, SourceRows.columnCount)
            sources.append(
                Synced(
                    namespace: record.namespace, definition: record.definition,
                    age: ageMs.map { .milliseconds($0) },
                    refreshedAtMs: record.lastRefreshTimeMs,
                    hasFailed: record.lastRefreshStatus == "error"))
        }
        return sources
    }
}
