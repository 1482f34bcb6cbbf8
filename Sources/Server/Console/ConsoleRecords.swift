import CatalogModel
import Postgres

/// What the console asks the store for beside jobs, Postgres or the embedded one alike.
///
/// Each question is one range of an index.
struct ConsoleRecords: Sendable {
    let pool: Pool

    /// The replicas that are registered, each with how far its cache of a namespace is.
    func replicas(in namespace: Namespace) async throws -> [ReplicaSighting] {
        let rows = try await pool.query(
            Self.replicas, [.text(namespace.name)], timeout: ServerLimits.consoleQueryTimeout)
        return try (0..<rows.count).map { row in
            ReplicaSighting(
                id: try rows.string(row, 0), name: try rows.string(row, 1),
                uptimeMs: try rows.int64(row, 2), silentMs: try rows.int64(row, 3),
                isAlive: try rows.bool(row, 4), revision: try rows.optionalInt64(row, 5),
                head: try rows.optionalInt64(row, 6))
        }
    }

    /// The newest audit events of a namespace, the newest first, without counting the rest.
    func auditTail(of namespace: Namespace) async throws -> [JSONValue] {
        let rows = try await pool.query(
            Self.auditTail, [.text(namespace.name)], timeout: ServerLimits.consoleQueryTimeout)
        return try (0..<rows.count).map { row in
            var event: JSONObject = [
                "id": .string(try rows.string(row, 0)),
                "createdAt": .string(Timestamp(ms: try rows.int64(row, 1)).description),
            ]
            for (column, key) in Self.texts.enumerated() {
                event[key] = rows.optionalString(row, column + 2).map { .string($0) }
            }
            event["statusCode"] = try rows.optionalInt64(row, 2 + Self.texts.count).map {
                .int($0)
            }
            return .object(event)
        }
    }

    private static let replicas = Statement(
        """
        SELECT r.id, r.name,
            floor(extract(epoch FROM clock_timestamp() - r.started_at) * 1000)::bigint,
            floor(extract(epoch FROM clock_timestamp() - r.seen_at) * 1000)::bigint,
            r.lease_until > clock_timestamp(), p.revision,
            (SELECT n.revision FROM namespaces n WHERE n.name = $1)
        FROM replicas r LEFT JOIN replica_positions p ON p.replica = r.id AND p.namespace = $1
        ORDER BY r.name, r.started_at DESC LIMIT \(ServerLimits.consoleRows)
        """)

    private static let texts = [
        "actor", "eventType", "action", "plugin", "resourceType", "resource", "outcome", "reason",
    ]
    private static let auditTail = Statement(
        postgres: auditTail(resources: "array_to_string(resource_ids[1:3], ', ')"),
        sqlite: auditTail(
            resources: """
                (SELECT group_concat(r.value, ', ')
                 FROM (SELECT value FROM json_each(resource_ids) LIMIT 3) r)
                """))

    /// The newest events; the first resources of each are a text.
    private static func auditTail(resources: String) -> String {
        """
        SELECT id::text, floor(extract(epoch FROM created_at) * 1000)::bigint, actor, event_type,
            coalesce(action, action_verb), plugin, resource_type,
            coalesce(asset_uid, \(resources)), outcome,
            substr(reason, 1, 300), status_code::bigint
        FROM audit_events WHERE namespace = $1
        ORDER BY created_at DESC, id DESC LIMIT \(ServerLimits.consoleRows)
        """
    }
}
