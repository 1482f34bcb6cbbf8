import CatalogModel
import Postgres

/// The statements on approval requests and decisions, and what their rows mean.
enum ApprovalRows {
    /// A request is over as soon as its time is, also before a sweep has said so.
    private static let status = """
        CASE WHEN a.status = 'pending' AND a.expires_at <= clock_timestamp() THEN 'expired'
            ELSE a.status END
        """
    private static let columns = """
        floor(extract(epoch FROM a.created_at) * 1000000)::bigint, a.id::text, a.plugin, a.kind,
        a.name, a.action, a.from_state, a.to_state, a.policy_id, a.required_count, \(status),
        a.requester, a.reason, floor(extract(epoch FROM a.resolved_at) * 1000)::bigint,
        a.resolved_by, a.resolution_note, floor(extract(epoch FROM a.expires_at) * 1000)::bigint
        """

    static let insert: Statement = """
        INSERT INTO governance_approvals (namespace, plugin, kind, name, id, action, from_state,
            to_state, policy_id, required_count, requester, reason, expires_at)
        VALUES ($1, $2, $3, $4, $5::uuid, $6, $7, $8, $9, $10::int, $11, $12,
            clock_timestamp() + $13::bigint * interval '1 hour')
        """
    static let one = Statement(
        """
        SELECT \(columns) FROM governance_approvals a WHERE a.namespace = $1 AND a.id = $2::uuid
        """)
    static let lock = Statement(one.sql + " FOR UPDATE")
    static let decisions: Statement = """
        SELECT request_id::text, id::text, reviewer, verdict, comment,
            floor(extract(epoch FROM created_at) * 1000)::bigint
        FROM governance_decisions WHERE request_id = ANY ($1::text[]::uuid[])
        ORDER BY created_at, id
        """
    static let decide: Statement = """
        INSERT INTO governance_decisions (request_id, reviewer, verdict, comment)
        VALUES ($1::uuid, $2, $3, $4)
        """
    static let resolve: Statement = """
        UPDATE governance_approvals SET status = $3, resolved_by = $4, resolution_note = $5,
            resolved_at = clock_timestamp()
        WHERE namespace = $1 AND id = $2::uuid
        """

    /// The filters are null where they select everything.
    private static let filter = """
        a.namespace = $1 AND ($2::text IS NULL OR \(status) = $2)
            AND ($3::text IS NULL OR a.plugin || ':' || a.kind || ':' || a.name = $3)
        """
    static let count = Statement("SELECT count(*) FROM governance_approvals a WHERE \(filter)")
    static let first = Statement(
        """
        SELECT \(columns) FROM governance_approvals a WHERE \(filter)
        ORDER BY a.created_at DESC, a.id DESC LIMIT $4::bigint
        """)
    static let next = Statement(
        """
        SELECT \(columns) FROM governance_approvals a WHERE \(filter)
            AND (a.created_at, a.id)
                < ('epoch'::timestamptz + $5::bigint * interval '1 microsecond', $6::uuid)
        ORDER BY a.created_at DESC, a.id DESC LIMIT $4::bigint
        """)

    static let overdue: Statement = """
        SELECT DISTINCT namespace FROM governance_approvals
        WHERE status = 'pending' AND expires_at <= clock_timestamp()
        """
    /// Resolves the requests of one namespace and records an event for each.
    static let expire = Statement(
        postgres: """
            WITH over AS (
                UPDATE governance_approvals SET status = 'expired', resolved_at = expires_at,
                    resolved_by = 'system', resolution_note = 'nobody decided in time'
                WHERE id IN (
                    SELECT id FROM governance_approvals
                    WHERE namespace = $1 AND status = 'pending' AND expires_at <= clock_timestamp()
                    ORDER BY id LIMIT $2::bigint FOR UPDATE SKIP LOCKED)
                RETURNING *)
            INSERT INTO audit_events (namespace, correlation_id, event_type, actor, plugin,
                resource_type, resource_ids, asset_uid, action, outcome)
            SELECT namespace, id::text, 'governance.approval.expired', 'system', plugin, 'assets',
                ARRAY[name], plugin || ':' || kind || ':' || name, 'approval.expire', 'success'
            FROM over ORDER BY id
            """,
        sqlite: "SELECT keep('now', clock_timestamp())",
        """
        INSERT INTO audit_events (namespace, correlation_id, event_type, actor, plugin,
            resource_type, resource_ids, asset_uid, action, outcome)
        SELECT namespace, id, 'governance.approval.expired', 'system', plugin, 'assets',
            catalog_jsonb(json_array(name)), plugin || ':' || kind || ':' || name,
            'approval.expire', 'success'
        FROM governance_approvals
        WHERE namespace = $1 AND status = 'pending' AND expires_at <= kept('now')
        ORDER BY id LIMIT $2
        """,
        """
        UPDATE governance_approvals SET status = 'expired', resolved_at = expires_at,
            resolved_by = 'system', resolution_note = 'nobody decided in time'
        WHERE id IN (
            SELECT id FROM governance_approvals
            WHERE namespace = $1 AND status = 'pending' AND expires_at <= kept('now')
            ORDER BY id LIMIT $2)
        """)

    static func request(_ rows: Rows, _ row: Int) throws(PostgresError) -> ApprovalRequest {
        guard let status = ApprovalRequest.Status(rawValue: try rows.string(row, 10)) else {
            throw PostgresError(.decoding, "an approval request has an unknown status")
        }
        return ApprovalRequest(
            id: try rows.string(row, 1),
            asset: AssetReference(
                stored: try rows.string(row, 2), try rows.string(row, 3),
                try rows.string(row, 4)),
            action: try rows.string(row, 5), from: try rows.string(row, 6),
            to: try rows.string(row, 7), policyID: try rows.string(row, 8),
            requiredCount: Int(try rows.int64(row, 9)), status: status,
            requester: try rows.string(row, 11), reason: try rows.string(row, 12),
            resolvedAtMs: try rows.optionalInt64(row, 13),
            resolvedBy: rows.optionalString(row, 14),
            resolutionNote: rows.optionalString(row, 15),
            expiresAtMs: try rows.optionalInt64(row, 16),
            createdAtMs: try rows.int64(row, 0) / 1_000)
    }

    /// The decisions by their requests.
    static func decisions(
        _ rows: Rows
    ) throws(PostgresError) -> [String: [ApprovalRequest.Decision]] {
        var found: [String: [ApprovalRequest.Decision]] = [:]
        for row in 0..<rows.count {
            guard let verdict = ApprovalRequest.Verdict(rawValue: try rows.string(row, 3)) else {
                throw PostgresError(.decoding, "a decision has an unknown verdict")
            }
            found[try rows.string(row, 0), default: []].append(
                ApprovalRequest.Decision(
                    id: try rows.string(row, 1), reviewer: try rows.string(row, 2),
                    verdict: verdict, comment: try rows.string(row, 4),
                    createdAtMs: try rows.int64(row, 5)))
        }
        return found
    }
}
