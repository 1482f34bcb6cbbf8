import CatalogModel
import Postgres

extension AuditWriter {
    /// One statement that records the events of a group, each with what became of its entity.
    ///
    /// An event without a key describes no entity. The rows keep the order of the events.
    static func statement(_ events: [(event: AuditEvent, key: EntityKey?)]) -> Query {
        let rows = events.map { JSONValue.object(row($0.event, $0.key)).storable }
        return Query(insertMany, [.json(JSONValue.array(rows).encodedText)])
    }

    private static func row(_ event: AuditEvent, _ key: EntityKey?) -> JSONObject {
        var row: JSONObject = [
            "namespace": .string(event.namespace), "event_type": .string(event.eventType),
            "actor": .string(event.actor), "outcome": .string(event.outcome.rawValue),
        ]
        let texts = [
            ("id", event.id), ("correlation_id", event.correlationID),
            ("request_id", event.requestID), ("plugin", event.plugin),
            ("resource_type", event.resourceType), ("asset_uid", event.assetUID),
            ("version_id", event.versionID), ("action", event.action),
            ("action_verb", event.actionVerb), ("reason", event.reason),
        ]
        for case (let column, let text?) in texts where !text.isEmpty {
            row[column] = .string(text)
        }
        if !event.resourceIDs.isEmpty { row["resource_ids"] = .strings(event.resourceIDs) }
        row["status_code"] = event.statusCode.map { .int($0) }
        let objects = [
            ("old_value", event.oldValue), ("new_value", event.newValue),
            ("metadata", event.timedMetadata),
        ]
        for case (let column, let object?) in objects where !object.isEmpty {
            row[column] = .object(object)
        }
        if let key {
            row["e_plugin"] = .string(key.plugin)
            row["e_kind"] = .string(key.kind)
            row["e_source"] = .string(key.source)
            row["e_name"] = .string(key.name)
        }
        return row
    }

    private static let insertMany = Statement(
        """
        INSERT INTO audit_events (
            id, namespace, correlation_id, event_type, actor, request_id, plugin, resource_type,
            resource_ids, asset_uid, version_id, action, action_verb, outcome, status_code,
            reason, old_value, metadata, new_value)
        SELECT COALESCE(t.id, gen_random_uuid()), t.namespace, t.correlation_id, t.event_type,
            t.actor, t.request_id, t.plugin, t.resource_type, t.resource_ids, t.asset_uid,
            t.version_id, t.action, t.action_verb, t.outcome, t.status_code, t.reason,
            t.old_value, t.metadata, COALESCE(t.new_value, (
                SELECT jsonb_build_object(
                    'etag', format('"%s-%s"', e.revision, lpad(to_hex(e.digest), 16, '0')),
                    'version', e.version)
                FROM entities e WHERE e.namespace = t.namespace AND e.plugin = t.e_plugin
                    AND e.kind = t.e_kind AND e.source = t.e_source AND e.name = t.e_name))
        FROM jsonb_to_recordset($1::jsonb) AS t (
            id uuid, namespace text, correlation_id text, event_type text, actor text,
            request_id text, plugin text, resource_type text, resource_ids text[],
            asset_uid text, version_id text, action text, action_verb text, outcome text,
            status_code int, reason text, old_value jsonb, metadata jsonb, new_value jsonb,
            e_plugin text, e_kind text, e_source text, e_name text)
        """)
}
