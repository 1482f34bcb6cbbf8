package import CatalogModel
package import Postgres

/// The statements that record audit events, for use inside the transactions of writes.
package enum AuditWriter {
    /// The statement that records an event as it stands.
    package static func statement(_ event: AuditEvent) -> Query {
        Query(insert, parameters(of: event))
    }

    /// The statement that records an event of one entity, with what the transaction made of it.
    ///
    /// The new value is the entity's tag and version, read when the statement runs.
    package static func statement(_ event: AuditEvent, describing key: EntityKey?) -> Query {
        guard let key else { return statement(event) }
        let identity: [Parameter] = [
            .text(key.plugin), .text(key.kind), .text(key.source), .text(key.name),
        ]
        return Query(insertDescribing, parameters(of: event) + identity)
    }

    /// The small value that stands for one state of an entity.
    package static func value(tag: EntityTag, version: Int64) -> JSONObject {
        ["etag": .string(tag.description), "version": .int(version)]
    }

    private static func parameters(of event: AuditEvent) -> [Parameter] {
        [
            event.id.isEmpty ? .null : .uuid(event.id), .text(event.namespace),
            optional(event.correlationID), .text(event.eventType.storable),
            .text(event.actor.storable), optional(event.requestID), optional(event.plugin),
            optional(event.resourceType), .textArray(event.resourceIDs.map(\.storable)),
            optional(event.assetUID), optional(event.versionID), optional(event.action),
            optional(event.actionVerb), .text(event.outcome.rawValue),
            .optional(event.statusCode.map(Int64.init)), optional(event.reason),
            optional(event.oldValue), optional(event.newValue), optional(event.timedMetadata),
        ]
    }

    private static func optional(_ text: String?) -> Parameter {
        guard let text, !text.isEmpty else { return .null }
        return .text(text.storable)
    }

    private static func optional(_ object: JSONObject?) -> Parameter {
        guard let object, !object.isEmpty else { return .null }
        return .json(JSONValue.object(object).storable.encodedText)
    }

    private static let columns = """
        id, namespace, correlation_id, event_type, actor, request_id, plugin, resource_type,
        resource_ids, asset_uid, version_id, action, action_verb, outcome, status_code, reason,
        old_value, metadata, new_value
        """
    private static let values = """
        COALESCE($1::uuid, gen_random_uuid()), $2, $3, $4, $5, $6, $7, $8,
        NULLIF($9::text[], '{}'), $10, $11, $12, $13, $14, $15::int, $16, $17::jsonb, $19::jsonb
        """

    /// An event that is there already stays as it is: recording may be repeated.
    private static let insert = Statement(
        """
        INSERT INTO audit_events (\(columns)) VALUES (\(values), $18::jsonb)
        ON CONFLICT (id) DO NOTHING
        """)

    private static let insertDescribing = Statement(
        """
        INSERT INTO audit_events (\(columns)) VALUES (\(values),
            COALESCE($18::jsonb, (
                SELECT jsonb_build_object(
                    'etag', format('"%s-%s"', e.revision, lpad(to_hex(e.digest), 16, '0')),
                    'version', e.version)
                FROM entities e WHERE e.namespace = $2 AND e.plugin = $20 AND e.kind = $21
                    AND e.source = $22 AND e.name = $23)))
        """)
}

extension String {
    /// The text without U+0000, which the database cannot hold.
    package var storable: String {
        guard utf8.contains(0) else { return self }
        return String(String.UnicodeScalarView(unicodeScalars.map { $0 == "\0" ? "\u{FFFD}" : $0 }))
    }
}

extension JSONValue {
    /// The value without U+0000 in its strings, which the database cannot hold.
    var storable: JSONValue {
        switch self {
        case .string(let text): .string(text.storable)
        case .array(let elements): .array(elements.map(\.storable))
        case .object(let object):
            .object(
                object.members.reduce(into: JSONObject()) { result, member in
                    result[member.key.storable] = member.value.storable
                })
        case .null, .bool, .number: self
        }
    }
}
