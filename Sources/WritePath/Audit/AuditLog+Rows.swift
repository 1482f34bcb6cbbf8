import CatalogModel
import Postgres

/// The statements of the audit log and what their rows mean.
extension AuditLog {
    private static let columns = """
        id::text, namespace, correlation_id, event_type, actor, request_id, plugin, resource_type,
        array_to_json(resource_ids)::text, asset_uid, version_id, action, action_verb, outcome,
        status_code, reason, old_value::text, new_value::text, metadata::text,
        floor(extract(epoch FROM created_at) * 1000000)::bigint
        """

    static let one = Statement(
        "SELECT \(columns) FROM audit_events WHERE namespace = $1 AND id = $2::uuid")

    static let trimmable: Statement = """
        SELECT c.namespace FROM audit_chains c WHERE EXISTS (
            SELECT FROM audit_events e WHERE e.namespace = c.namespace
                AND e.created_at < clock_timestamp() - $1::bigint * interval '1 second')
        """
    static let trim = Statement(
        postgres: "SELECT catalog_trim_audit($1, $2::bigint * interval '1 second', $3::int)",
        sqlite: """
            SELECT keep('edge', (SELECT max(o.created_at) FROM (
                SELECT e.created_at FROM audit_events e WHERE e.namespace = $1
                    AND e.created_at < clock_timestamp() - $2::bigint * interval '1 second'
                ORDER BY e.created_at, e.id LIMIT $3) o))
            """,
        """
        UPDATE audit_chains SET (anchor_sequence, anchor_hash) = (
            SELECT e.sequence, e.hash FROM audit_events e
            WHERE e.namespace = $1 AND e.created_at = kept('edge') AND e.hash IS NOT NULL)
        WHERE namespace = $1 AND EXISTS (
            SELECT 1 FROM audit_events e
            WHERE e.namespace = $1 AND e.created_at = kept('edge') AND e.hash IS NOT NULL)
        """,
        "DELETE FROM audit_events WHERE namespace = $1 AND created_at <= kept('edge')",
        "SELECT changes()")

    /// The statement of one page; there is one per set of filtered columns.
    static func page(_ filtered: [String], isFirst: Bool) -> Statement {
        let next = filtered.count + 3
        let after =
            isFirst
            ? ""
            : " AND (created_at, id) < ("
                + "'epoch'::timestamptz + $\(next)::bigint * interval '1 microsecond', "
                + "$\(next + 1)::uuid)"
        return Statement(
            "SELECT \(columns) FROM audit_events WHERE \(condition(filtered))\(after) "
                + "ORDER BY created_at DESC, id DESC LIMIT $\(filtered.count + 2)::bigint")
    }

    static func count(_ filtered: [String]) -> Statement {
        Statement("SELECT count(*) FROM audit_events WHERE \(condition(filtered))")
    }

    private static func condition(_ filtered: [String]) -> String {
        let parts = filtered.enumerated().map { "\($0.element) = $\($0.offset + 2)" }
        return (["namespace = $1"] + parts).joined(separator: " AND ")
    }

    /// The text that ties a token to its list.
    static func canonicalQuery(_ namespace: Namespace, _ filter: AuditFilter) -> String {
        let parts = filter.conditions.map { "\($0.column)=\($0.value)" }
        return (["audit", namespace.name] + parts).joined(separator: "\n")
    }

    static func page(
        _ rows: Rows, size: Int, total: Rows, _ canonical: String
    ) throws(PostgresError) -> AuditPage {
        var events: [AuditEvent] = []
        for row in 0..<min(rows.count, size) { events.append(try event(rows, row)) }
        var token: String?
        if rows.count > size, let last = events.last {
            let micros = try rows.int64(size - 1, 19)
            token = PageToken(query: canonical, key: Array(last.id.utf8), id: micros).encoded
        }
        return AuditPage(
            events: events, nextPageToken: token, totalSize: Int(try total.int64(0, 0)))
    }

    static func event(_ rows: Rows, _ row: Int) throws(PostgresError) -> AuditEvent {
        let outcome = AuditEvent.Outcome(rawValue: try rows.string(row, 13)) ?? .failure
        var event = AuditEvent(
            namespace: try rows.string(row, 1), actor: try rows.string(row, 4),
            eventType: try rows.string(row, 3), outcome: outcome)
        event.id = try rows.string(row, 0)
        event.correlationID = rows.optionalString(row, 2)
        event.requestID = rows.optionalString(row, 5)
        event.plugin = rows.optionalString(row, 6)
        event.resourceType = rows.optionalString(row, 7)
        let ids = try json(rows, row, 8)?.arrayValue ?? []
        event.resourceIDs = ids.compactMap(\.stringValue)
        event.assetUID = rows.optionalString(row, 9)
        event.versionID = rows.optionalString(row, 10)
        event.action = rows.optionalString(row, 11)
        event.actionVerb = rows.optionalString(row, 12)
        event.statusCode = try rows.optionalInt64(row, 14).map(Int.init)
        event.reason = rows.optionalString(row, 15)
        event.oldValue = try json(rows, row, 16)?.objectValue
        event.newValue = try json(rows, row, 17)?.objectValue
        event.metadata = try json(rows, row, 18)?.objectValue
        event.createdAtMs = try rows.int64(row, 19) / 1_000
        return event
    }

    private static func json(
        _ rows: Rows, _ row: Int, _ column: Int
    ) throws(PostgresError) -> JSONValue? {
        guard let bytes = try rows.optionalBytes(row, column) else { return nil }
        do throws(JSONError) {
            return try JSONParser.parse(bytes)
        } catch {
            throw PostgresError(.decoding, "column \(column) is not acceptable JSON")
        }
    }

    /// A random UUID (RFC 9562, version 4).
    static func randomUUID() -> String {
        var bytes = (0..<16).map { _ in UInt8.random(in: 0...255) }
        bytes[6] = bytes[6] & 0x0F | 0x40
        bytes[8] = bytes[8] & 0x3F | 0x80
        let hex = bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }
        return [0..<4, 4..<6, 6..<8, 8..<10, 10..<16]
            .map { hex[$0].joined() }.joined(separator: "-")
    }

    /// Whether a text is a UUID in its usual form.
    static func isUUID(_ text: String) -> Bool {
        let groups = text.split(separator: "-", omittingEmptySubsequences: false)
        return groups.map(\.utf8.count) == [8, 4, 4, 4, 12]
            && groups.joined().allSatisfy { $0.isASCII && $0.isHexDigit }
    }
}
