import CatalogModel
import Postgres

/// The statements of the feed and what their rows mean.
extension PostgresFeed {
    static let begin: Statement = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
    static let commit: Statement = "COMMIT"
    static let ping: Statement = "SELECT 1"
    static let queueUsage: Statement = "SELECT pg_notification_queue_usage()"

    static let headsOf: Statement = """
        SELECT name, epoch::text, revision, digest, floor FROM namespaces
        WHERE name = ANY($1::text[])
        """

    /// Heads with whether the server that tells them is a standby; one row at the least.
    static let primaryHeadsOf: Statement = """
        SELECT n.name, n.epoch::text, n.revision, n.digest, pg_is_in_recovery()
        FROM (SELECT 1) AS one LEFT JOIN namespaces n ON n.name = ANY($1::text[])
        """

    static let authorOf: Statement = """
        SELECT actor, request_id, floor(extract(epoch FROM committed_at) * 1000)::bigint
        FROM revisions WHERE namespace = $1 AND revision = $2
        """

    /// Current rows of everything that changed after a revision; rows without a document are gone.
    ///
    /// The limit inside the join makes it one index lookup per key: the planner, who expects as many
    /// keys as a batch may hold, would read whole partitions instead.
    static let changedRows = Statement(
        """
        WITH touched AS (
            SELECT DISTINCT plugin, kind, source, name FROM revision_changes
            WHERE namespace = $1 AND revision > $2 LIMIT \(FeedLimits.maxRangeChanges + 1)
        )
        SELECT t.plugin, t.kind, t.source, t.name, e.id, e.version, e.revision,
            floor(extract(epoch FROM e.created_at) * 1000)::bigint,
            floor(extract(epoch FROM e.updated_at) * 1000)::bigint, e.doc::text
        FROM touched t
        LEFT JOIN LATERAL (
            SELECT * FROM entities
            WHERE namespace = $1 AND plugin = t.plugin AND kind = t.kind
                AND source = t.source AND name = t.name
            LIMIT 1
        ) e ON true
        """)

    static let collectionHeads: Statement = """
        SELECT plugin, kind, revision, digest, entity_count FROM collections WHERE namespace = $1
        """

    static let collectionHead: Statement = """
        SELECT plugin, kind, revision, digest, entity_count FROM collections
        WHERE namespace = $1 AND plugin = $2 AND kind = $3
        """

    private static let entityColumns = """
        plugin, kind, source, name, id, version, revision,
        floor(extract(epoch FROM created_at) * 1000)::bigint,
        floor(extract(epoch FROM updated_at) * 1000)::bigint, doc::text
        """

    /// In about the order of the cache's keys, which fills its pages better than any other.
    static let declareCopy = Statement(
        """
        DECLARE copy NO SCROLL CURSOR FOR
        SELECT \(entityColumns) FROM entities WHERE namespace = $1 AND plugin = $2 AND kind = $3
        ORDER BY lower(name) COLLATE "C", id
        """)

    static let fetchCopy = Statement(
        "FETCH FORWARD \(FeedLimits.copyBatchRows) FROM copy")

    /// The rows of one name, one index lookup per source of the collection.
    static let namedRows = Statement(
        """
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
        """)

    static func head(_ rows: Rows, _ row: Int) throws(PostgresError) -> NamespaceHead {
        let name = try rows.string(row, 0)
        guard let namespace = try? Namespace(name) else {
            throw PostgresError(.decoding, "a namespace has an impossible name")
        }
        return NamespaceHead(
            namespace: namespace, epoch: Epoch(try rows.string(row, 1)),
            revision: Revision(UInt64(bitPattern: try rows.int64(row, 2))),
            digest: UInt64(bitPattern: try rows.int64(row, 3)))
    }

    static func collectionHead(_ rows: Rows, _ row: Int) throws(PostgresError) -> CollectionHead {
        CollectionHead(
            plugin: try rows.string(row, 0), kind: try rows.string(row, 1),
            revision: Revision(UInt64(bitPattern: try rows.int64(row, 2))),
            digest: UInt64(bitPattern: try rows.int64(row, 3)),
            entityCount: Int(try rows.int64(row, 4)))
    }

    static func change(_ rows: Rows, _ row: Int) throws(PostgresError) -> Change {
        rows.isNull(row, 9) ? .delete(try key(rows, row)) : .put(try entity(rows, row))
    }

    static func entity(_ rows: Rows, _ row: Int) throws(PostgresError) -> StoredEntity {
        StoredEntity(
            key: try key(rows, row), id: try rows.int64(row, 4), version: try rows.int64(row, 5),
            revision: Revision(UInt64(bitPattern: try rows.int64(row, 6))),
            createdAtMs: try rows.int64(row, 7), updatedAtMs: try rows.int64(row, 8),
            doc: try textBytes(rows, row, 9))
    }

    /// Whether the cache has room for the identity.
    ///
    /// One that is left out makes the digest of its collection disagree, so that the collection is
    /// answered from the store; its neighbours are not held up.
    static func isCacheable(_ key: EntityKey) -> Bool {
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
