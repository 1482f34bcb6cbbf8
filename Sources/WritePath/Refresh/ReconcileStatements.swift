import Postgres

/// The statements of the reconciler.
///
/// `$1`, `$2`, `$3` are namespace, plugin and source.
enum ReconcileStatements {
    // A full join can only be hashed or merged, so that no plan made for few rows meets many.
    // The fingerprint comes with it: one statement, so all of it is one snapshot.
    static let compare = Statement(
        postgres: """
            WITH fresh AS MATERIALIZED (
                SELECT f.kind, f.name, f.doc::jsonb AS doc, f.place
                FROM unnest($4::text[], $5::text[], $6::text[])
                    WITH ORDINALITY AS f(kind, name, doc, place)
            ), present AS MATERIALIZED (
                SELECT e.kind, e.name, e.doc - catalog_overlay_keys() AS doc, e.digest FROM entities e
                WHERE e.namespace = $1 AND e.plugin = $2 AND e.source = $3
            )
            SELECT 'state' AS op, count(*) AS place, NULL AS kind, NULL AS name,
                COALESCE(bit_xor(p.digest), 0) AS digest
            FROM present p
            UNION ALL
            SELECT CASE WHEN p.doc IS NULL THEN 'insert' WHEN f.doc IS NULL THEN 'delete'
                    ELSE 'update' END,
                f.place, p.kind, p.name, NULL
            FROM fresh f FULL JOIN present p ON p.kind = f.kind AND p.name = f.name
            WHERE f.doc IS DISTINCT FROM p.doc
            """,
        sqlite: """
            WITH fresh AS MATERIALIZED (
                SELECT f.kind, f.name, f.doc::jsonb AS doc, f.place
                FROM unnest($4::text[], $5::text[], $6::text[])
                    WITH ORDINALITY AS f(kind, name, doc, place)
            )
            SELECT 'state' AS op, count(*) AS place, NULL AS kind, NULL AS name,
                COALESCE(bit_xor(e.digest), 0) AS digest
            FROM entities e WHERE e.namespace = $1 AND e.plugin = $2 AND e.source = $3
            UNION ALL
            SELECT CASE WHEN e.id IS NULL THEN 'insert' ELSE 'update' END,
                f.place, e.kind, e.name, NULL
            FROM fresh f LEFT JOIN entities e ON e.namespace = $1 AND e.plugin = $2
                AND e.kind = f.kind AND e.source = $3 AND e.name = f.name
            WHERE e.id IS NULL OR f.doc <> e.doc - catalog_overlay_keys()
            UNION ALL
            SELECT 'delete', NULL, e.kind, e.name, NULL
            FROM entities e WHERE e.namespace = $1 AND e.plugin = $2 AND e.source = $3
                AND (e.kind, e.name) NOT IN (SELECT f.kind, f.name FROM fresh f)
            """)
    static let fingerprint: Statement = """
        SELECT 'state', count(*), NULL, NULL, COALESCE(bit_xor(e.digest), 0) FROM entities e
        WHERE e.namespace = $1 AND e.plugin = $2 AND e.source = $3
        """

    static let context: Statement = """
        SELECT set_config('catalog.actor', $1, true), set_config('catalog.request_id', $2, true)
        """

    static let update: Statement = """
        UPDATE entities e SET doc = f.doc::jsonb
        FROM unnest($4::text[], $5::text[], $6::text[]) AS f(kind, name, doc)
        WHERE e.namespace = $1 AND e.plugin = $2 AND e.source = $3
            AND e.kind = f.kind AND e.name = f.name
        """
    static let insert: Statement = """
        INSERT INTO entities (namespace, plugin, source, kind, name, doc)
        SELECT $1, $2, $3, f.kind, f.name, f.doc::jsonb
        FROM unnest($4::text[], $5::text[], $6::text[]) WITH ORDINALITY
            AS f(kind, name, doc, place)
        ORDER BY f.place
        """
    static let delete = Statement(
        postgres: """
            DELETE FROM entities e USING unnest($4::text[], $5::text[]) AS f(kind, name)
            WHERE e.namespace = $1 AND e.plugin = $2 AND e.source = $3
                AND e.kind = f.kind AND e.name = f.name
            """,
        sqlite: """
            DELETE FROM entities
            WHERE namespace = $1 AND plugin = $2 AND source = $3 AND (kind, name) IN (
                SELECT f.kind, f.name FROM unnest($4::text[], $5::text[]) AS f(kind, name))
            """)

    // A source that was switched off meanwhile stays so: `enabled` is the configuration's.
    private static let recordRefresh: Statement = """
        UPDATE catalog_sources
        SET state = CASE WHEN enabled THEN $4 ELSE 'disabled' END,
            last_refresh_time = clock_timestamp(), last_refresh_status = 'success',
            last_refresh_summary = $5, entity_count = $6, error = NULL,
            last_refresh_duration = $7, error_code = NULL
        WHERE namespace = $1 AND plugin = $2 AND id = $3
        """
    // It may have come back to the configuration meanwhile.
    private static let forget: Statement = """
        DELETE FROM catalog_sources
        WHERE namespace = $1 AND plugin = $2 AND id = $3 AND position = -1
        """
    static let recordFailure: Statement = """
        UPDATE catalog_sources
        SET state = CASE WHEN enabled THEN 'error' ELSE 'disabled' END,
            last_refresh_time = clock_timestamp(), last_refresh_status = 'error',
            last_refresh_summary = 'Refresh failed', error = $4, last_refresh_duration = $5,
            error_code = $6
        WHERE namespace = $1 AND plugin = $2 AND id = $3
        """

    static func record(_ completion: SourceReconciler.Completion) -> Statement {
        completion == .removed ? forget : recordRefresh
    }

    static func recordParameters(
        _ target: SourceReconciler.Target, _ completion: SourceReconciler.Completion, loaded: Int,
        removed: Int
    ) -> [Parameter] {
        guard completion != .removed else { return target.parameters }
        let state = completion == .available ? "available" : "disabled"
        let summary =
            removed == 0
            ? "Loaded \(loaded) entities" : "Loaded \(loaded) entities, removed \(removed)"
        return target.parameters + [
            .text(state), .text(summary), .int8(Int64(loaded)),
            .int8(target.began.duration(to: .now).nanoseconds),
        ]
    }
}
