import CatalogModel
import Postgres

/// The statements of the feed and what their rows mean.
extension PostgresFeed {
    static let begin: Statement = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
    static let commit: Statement = "COMMIT"
    static let ping: Statement = "SELECT 1"
    static let queueUsage: Statement = "SELECT pg_notification_queue_usage()"

    static let headsOf: Statement = """
        SELECT name, epoch::text, revision, digest, floor, lineage FROM namespaces
        WHERE name = ANY($1::text[])
        """

    /// Heads with whether the server that tells them is a standby; one row at the least.
    static let primaryHeadsOf: Statement = """
        SELECT n.name, n.epoch::text, n.revision, n.digest, pg_is_in_recovery(), n.lineage
        FROM (SELECT 1) AS one LEFT JOIN namespaces n ON n.name = ANY($1::text[])
        """

    static let authorOf: Statement = """
        SELECT actor, request_id, floor(extract(epoch FROM committed_at) * 1000)::bigint
        FROM revisions WHERE namespace = $1 AND revision = $2
        """

    /// Current rows of everything that changed after a revision; rows without an id are gone.
    ///
    /// The limit inside the join makes it one index lookup per key: the planner, who expects as many
    /// keys as a batch may hold, would read whole partitions instead.
    static let changedRows = Statement(
        postgres: """
            WITH touched AS (
                SELECT DISTINCT plugin, kind, source, name FROM revision_changes
                WHERE namespace = $1 AND revision > $2 LIMIT \(FeedLimits.maxRangeChanges + 1)
            )
            SELECT t.plugin, t.kind, t.source, t.name, e.id, e.version, e.revision,
                floor(extract(epoch FROM e.created_at) * 1000)::bigint,
                floor(extract(epoch FROM e.updated_at) * 1000)::bigint, \(cappedDocument("e."))
            FROM touched t
            LEFT JOIN LATERAL (
                SELECT * FROM entities
                WHERE namespace = $1 AND plugin = t.plugin AND kind = t.kind
                    AND source = t.source AND name = t.name
                LIMIT 1
            ) e ON true
            """,
        sqlite: """
            WITH touched AS MATERIALIZED (
                SELECT DISTINCT plugin, kind, source, name FROM revision_changes
                WHERE namespace = $1 AND revision > $2 LIMIT \(FeedLimits.maxRangeChanges + 1)
            )
            SELECT t.plugin, t.kind, t.source, t.name, e.id, e.version, e.revision,
                floor(extract(epoch FROM e.created_at) * 1000)::bigint,
                floor(extract(epoch FROM e.updated_at) * 1000)::bigint, \(cappedDocument("e."))
            FROM touched t
            LEFT JOIN entities e ON e.namespace = $1 AND e.plugin = t.plugin AND e.kind = t.kind
                AND e.source = t.source AND e.name = t.name
            """)

    static let collectionHeads: Statement = """
        SELECT plugin, kind, revision, digest, entity_count FROM collections WHERE namespace = $1
        """

    static let collectionHead: Statement = """
        SELECT plugin, kind, revision, digest, entity_count FROM collections
        WHERE namespace = $1 AND plugin = $2 AND kind = $3
        """

    /// The text of a document, or null where it is too long for the cache.
    private static func cappedDocument(_ table: String = "") -> String {
        """
        CASE WHEN pg_column_size(\(table)doc) > \(FeedLimits.unmeasuredDocumentBytes)
            AND octet_length(\(table)doc::text) > \(FeedLimits.maxDocumentBytes)
            THEN NULL ELSE \(table)doc::text END
        """
    }

    private static let rowColumns = """
        plugin, kind, source, name, id, version, revision,
        floor(extract(epoch FROM created_at) * 1000)::bigint,
        floor(extract(epoch FROM updated_at) * 1000)::bigint
        """

    private static let entityColumns = "\(rowColumns), doc::text"

    /// In about the order of the cache's keys, which fills its pages better than any other; Postgres
    /// has an index in just this order.
    static let declareCopy = cursor(
        over: "\(rowColumns), \(cappedDocument())",
        #"ORDER BY lower(substr(name, 1, 128)) COLLATE "C", id"#, isCapped: true)
    /// In any order: what is picked from them is ordered here.
    static let declareScan = cursor(over: entityColumns, "", isCapped: false)

    /// SQLite has no cursors: a table of the session's own holds the ids of what is still to come.
    private static func cursor(
        over columns: String, _ order: String, isCapped: Bool
    ) -> Statement {
        Statement(
            postgres: """
                DECLARE copy NO SCROLL CURSOR FOR
                SELECT \(columns) FROM entities WHERE namespace = $1 AND plugin = $2 AND kind = $3
                \(order)
                """,
            sqlite: "DELETE FROM temp.copy_rows",
            """
            INSERT INTO temp.copy_rows (entity, capped)
            SELECT id, \(isCapped) FROM entities WHERE namespace = $1 AND plugin = $2 AND kind = $3
            \(order)
            """)
    }

    /// Rows to fetch at once, from many to one; the number cannot be a parameter.
    static let fetches: [(rows: Int, statement: Statement)] = FeedLimits.copyFetchRows.map {
        ($0, fetch($0))
    }

    private static func fetch(_ rows: Int) -> Statement {
        Statement(
            postgres: "FETCH FORWARD \(rows) FROM copy",
            sqlite: """
                SELECT \(rowColumns),
                    CASE WHEN c.capped AND octet_length(doc) > \(FeedLimits.maxDocumentBytes)
                    THEN NULL ELSE doc END
                FROM temp.copy_rows c CROSS JOIN entities ON entities.id = c.entity
                ORDER BY c.place LIMIT \(rows)
                """,
            """
            DELETE FROM temp.copy_rows
            WHERE place IN (SELECT place FROM temp.copy_rows ORDER BY place LIMIT \(rows))
            """)
    }

    /// The largest fetch that stays within its bytes if the rows go on as these were.
    static func fetch(after rows: Rows) -> Statement {
        let sum = (0..<rows.count).reduce(0) { sum, row in
            sum + rows.withBytes(row, 9) { $0.byteCount }
        }
        let bytes = sum / max(1, rows.count)
        let fitting = fetches.first { $0.rows * bytes <= FeedLimits.copyFetchBytes }
        return (fitting ?? fetches[fetches.count - 1]).statement
    }

    /// The rows of one name, one index lookup per source of the collection.
    static let namedRows = Statement(
        postgres: """
            WITH RECURSIVE sources AS (
                SELECT min(source) AS source FROM entities
                WHERE namespace = $1 AND plugin = $2 AND kind = $3
                UNION ALL
                SELECT (
                    SELECT min(e.source) FROM entities e
                    WHERE e.namespace = $1 AND e.plugin = $2 AND e.kind = $3 AND e.source > s.source)
                FROM sources s WHERE s.source IS NOT NULL
            )
            SELECT e.* FROM sources s
            JOIN LATERAL (
                SELECT \(entityColumns) FROM entities
                WHERE namespace = $1 AND plugin = $2 AND kind = $3 AND source = s.source AND name = $4
                LIMIT 1
            ) e ON true
            """,
        sqlite: """
            SELECT \(entityColumns) FROM entities
            WHERE namespace = $1 AND plugin = $2 AND kind = $3 AND name = $4
            ORDER BY source
            """)

    /// The columns name, epoch, revision, digest, and as the sixth the lineage.
    static func head(_ rows: Rows, _ row: Int) throws(PostgresError) -> NamespaceHead {
        let name = try rows.string(row, 0)
        guard let namespace = try? Namespace(name) else {
            throw PostgresError(.decoding, "a namespace has an impossible name")
        }
        return NamespaceHead(
            namespace: namespace, epoch: Epoch(try rows.string(row, 1)),
            revision: Revision(UInt64(bitPattern: try rows.int64(row, 2))),
            digest: UInt64(bitPattern: try rows.int64(row, 3)),
            lineage: Lineage(try rows.string(row, 5)))
    }

    static func collectionHead(_ rows: Rows, _ row: Int) throws(PostgresError) -> CollectionHead {
        CollectionHead(
            plugin: try rows.string(row, 0), kind: try rows.string(row, 1),
            revision: Revision(UInt64(bitPattern: try rows.int64(row, 2))),
            digest: UInt64(bitPattern: try rows.int64(row, 3)),
            entityCount: Int(try rows.int64(row, 4)))
    }

    /// A change, or nil for one that the cache cannot hold.
    ///
    /// One that is left out makes the digest of its collection disagree, so that the collection is
    /// answered from the store; its neighbours are not held up.
    static func cacheableChange(_ rows: Rows, _ row: Int) throws(PostgresError) -> Change? {
        let key = try key(rows, row)
        guard isCacheable(key) else { return nil }
        if rows.isNull(row, 4) { return .delete(key) }
        return rows.isNull(row, 9) ? nil : .put(try entity(rows, row, key))
    }

    /// The rows of a copy; throws `.uncacheable` at the first that the cache cannot hold.
    static func cacheableEntities(_ rows: Rows) throws -> [StoredEntity] {
        try (0..<rows.count).map { row in
            let key = try key(rows, row)
            guard isCacheable(key) else {
                throw FeedError(.uncacheable, "a name or source is too long")
            }
            guard !rows.isNull(row, 9) else {
                throw FeedError(.uncacheable, "the document of \(key.name) is too long")
            }
            return try entity(rows, row, key)
        }
    }

    /// The rows of a scan, but for those whose identity has no place in a list.
    static func shownEntities(_ rows: Rows) throws(PostgresError) -> [StoredEntity] {
        var entities: [StoredEntity] = []
        entities.reserveCapacity(rows.count)
        for row in 0..<rows.count {
            let entity = try entity(rows, row)
            if isCacheable(entity.key) { entities.append(entity) }
        }
        return entities
    }

    static func entity(_ rows: Rows, _ row: Int) throws(PostgresError) -> StoredEntity {
        try entity(rows, row, try key(rows, row))
    }

    private static func entity(
        _ rows: Rows, _ row: Int, _ key: EntityKey
    ) throws(PostgresError) -> StoredEntity {
        StoredEntity(
            key: key, id: try rows.int64(row, 4), version: try rows.int64(row, 5),
            revision: Revision(UInt64(bitPattern: try rows.int64(row, 6))),
            createdAtMs: try rows.int64(row, 7), updatedAtMs: try rows.int64(row, 8),
            doc: try textBytes(rows, row, 9))
    }

    /// Whether the cache has room for the identity.
    private static func isCacheable(_ key: EntityKey) -> Bool {
        max(key.name.utf8.count, key.source.utf8.count) <= FeedLimits.maxIdentityBytes
    }

    private static func key(_ rows: Rows, _ row: Int) throws(PostgresError) -> EntityKey {
        EntityKey(
            plugin: try rows.string(row, 0), kind: try rows.string(row, 1),
            source: try rows.string(row, 2), name: try rows.string(row, 3))
    }

    /// The bytes of a text column as they came.
    private static func textBytes(
        _ rows: Rows, _ row: Int, _ column: Int
    ) throws(PostgresError) -> [UInt8] {
        rows.withBytes(row, column) { bytes in
            let span = Span<UInt8>(_bytes: bytes)
            return [UInt8](capacity: span.count) { output in
                for index in span.indices { output.append(span[index]) }
            }
        }
    }
}
