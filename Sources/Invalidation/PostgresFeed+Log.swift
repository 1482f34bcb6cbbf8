package import CatalogModel
import Postgres

/// The change log as clients follow it: each revision with everything that it changed.
extension PostgresFeed: ChangeLog {
    package func log(
        in namespace: Namespace, after revision: Revision
    ) async throws(FeedError) -> LogRead {
        let name = Parameter.text(namespace.name)
        let after = Parameter.int8(Int64(clamping: revision.value))
        let answers = try await snapshot([
            Query(Self.headsOf, [.textArray([namespace.name])]),
            Query(Self.digestAt, [name, after]),
            Query(Self.loggedRevisions, [name, after]),
            Query(Self.loggedChanges, [name, after]),
        ])
        let read = try decoding { () throws(PostgresError) in
            try Self.logRead(answers, after: revision)
        }
        guard case .page(let page) = read else { return read }
        guard page.isDense else { throw FeedError(.malformedRow, "the log has a gap") }
        return read
    }

    private static func logRead(
        _ answers: [Rows], after revision: Revision
    ) throws(PostgresError) -> LogRead {
        guard answers[0].count == 1 else { return .unknownNamespace }
        let head = try head(answers[0], 0)
        let floor = Revision(UInt64(bitPattern: try answers[0].int64(0, 4)))
        guard revision >= floor else { return .belowFloor(head, floor: floor) }
        var changes: [UInt64: [LoggedChange]] = [:]
        for row in 0..<answers[3].count {
            let number = UInt64(bitPattern: try answers[3].int64(row, 0))
            changes[number, default: []].append(try change(answers[3], row))
        }
        var revisions: [LoggedRevision] = []
        revisions.reserveCapacity(answers[2].count)
        for row in 0..<answers[2].count {
            let number = UInt64(bitPattern: try answers[2].int64(row, 0))
            revisions.append(
                LoggedRevision(
                    revision: Revision(number),
                    digest: UInt64(bitPattern: try answers[2].int64(row, 1)),
                    changes: changes[number] ?? []))
        }
        var digestBefore: UInt64?
        if answers[1].count == 1 {
            digestBefore = UInt64(bitPattern: try answers[1].int64(0, 0))
        } else if revision == head.revision {
            digestBefore = head.digest
        }
        return .page(
            LogPage(
                head: head, floor: floor, after: revision, digestBefore: digestBefore,
                revisions: revisions))
    }

    private static func change(_ rows: Rows, _ row: Int) throws(PostgresError) -> LoggedChange {
        let key = EntityKey(
            plugin: try rows.string(row, 1), kind: try rows.string(row, 2),
            source: try rows.string(row, 3), name: try rows.string(row, 4))
        let isDelete = try rows.string(row, 5) == "delete"
        // Compact, so that a feed that is read from another one has the same bytes.
        let document = rows.optionalString(row, 7).flatMap { try? JSONParser.parse($0).encoded }
        return LoggedChange(
            key: key, isDelete: isDelete, version: try rows.optionalInt64(row, 6),
            document: document)
    }

    private static let digestAt: Statement = """
        SELECT digest FROM revisions WHERE namespace = $1 AND revision = $2
        """

    /// The last revision of a page: whole transactions, and one alone however large it is.
    private static let lastOfPage = """
        (SELECT CASE WHEN count(*) <= \(FeedLimits.maxLogChanges)
            THEN $2::bigint + \(FeedLimits.maxLogRevisions)
            ELSE least($2::bigint + \(FeedLimits.maxLogRevisions),
                greatest(max(x.revision) - 1, min(x.revision))) END
        FROM (
            SELECT revision FROM revision_changes WHERE namespace = $1 AND revision > $2::bigint
            ORDER BY revision LIMIT \(FeedLimits.maxLogChanges + 1)
        ) x)
        """

    private static let loggedRevisions = Statement(
        """
        SELECT revision, digest FROM revisions
        WHERE namespace = $1 AND revision > $2::bigint AND revision <= \(lastOfPage)
        ORDER BY revision
        """)

    /// The changes of a page, with the rows that are still as their revision made them.
    ///
    /// Documents come as long as they fit together; the rest is left to gets.
    private static let loggedChanges = Statement(
        postgres: """
            WITH page AS MATERIALIZED (
                SELECT revision, plugin, kind, source, name, op FROM revision_changes
                WHERE namespace = $1 AND revision > $2::bigint AND revision <= \(lastOfPage)
            )
            SELECT p.revision, p.plugin, p.kind, p.source, p.name, p.op, e.version,
                CASE WHEN sum(e.bytes) OVER (
                    ORDER BY p.revision, p.plugin, p.kind, p.source, p.name
                ) <= \(FeedLimits.maxLogDocumentBytes) THEN e.doc END
            FROM page p
            LEFT JOIN LATERAL (
                SELECT version, doc::text AS doc, octet_length(doc::text) AS bytes
                FROM entities
                WHERE namespace = $1 AND plugin = p.plugin AND kind = p.kind
                    AND source = p.source AND name = p.name AND p.op = 'put'
                    AND revision = p.revision
                LIMIT 1
            ) e ON true
            ORDER BY p.revision, p.plugin, p.kind, p.source, p.name
            """,
        sqlite: """
            WITH page AS MATERIALIZED (
                SELECT revision, plugin, kind, source, name, op FROM revision_changes
                WHERE namespace = $1 AND revision > $2::bigint AND revision <= \(lastOfPage)
            )
            SELECT p.revision, p.plugin, p.kind, p.source, p.name, p.op, e.version,
                CASE WHEN sum(octet_length(e.doc)) OVER (
                    ORDER BY p.revision, p.plugin, p.kind, p.source, p.name
                ) <= \(FeedLimits.maxLogDocumentBytes) THEN e.doc END
            FROM page p
            LEFT JOIN entities e ON e.namespace = $1 AND e.plugin = p.plugin AND e.kind = p.kind
                AND e.source = p.source AND e.name = p.name AND p.op = 'put'
                AND e.revision = p.revision
            ORDER BY p.revision, p.plugin, p.kind, p.source, p.name
            """)
}
