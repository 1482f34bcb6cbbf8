import CatalogModel
import Postgres

/// How sources go into their table and come out of it.
enum SourceRows {
    static let columns = """
        s.namespace, s.plugin, s.id, s.name, s.type, s.enabled, to_jsonb(s.labels)::text,
        s.properties::text, to_jsonb(s.included_items)::text, to_jsonb(s.excluded_items)::text,
        s.position, s.origin, s.state,
        floor(extract(epoch FROM s.last_refresh_time) * 1000)::bigint, s.last_refresh_status,
        s.last_refresh_summary, s.entity_count, s.error, s.last_refresh_duration, s.error_code
        """
    static let columnCount = 20

    static func record(_ rows: Rows, _ row: Int) throws(PostgresError) -> SourceRecord {
        guard let state = SourceRecord.State(rawValue: try rows.string(row, 12)) else {
            throw PostgresError(.decoding, "a source has an unknown state")
        }
        let origin = try rows.string(row, 11)
        return SourceRecord(
            namespace: try JobRows.namespace(rows.string(row, 0)),
            definition: SourceDefinition(
                plugin: try rows.string(row, 1), id: try rows.string(row, 2),
                name: try rows.string(row, 3), type: try rows.string(row, 4),
                enabled: try rows.bool(row, 5), labels: try strings(rows.bytes(row, 6)),
                properties: try json(rows.bytes(row, 7)).objectValue ?? JSONObject(),
                includedItems: try strings(rows.bytes(row, 8)),
                excludedItems: try strings(rows.bytes(row, 9)),
                originDirectory: origin.isEmpty ? nil : origin),
            position: Int(try rows.int64(row, 10)), state: state,
            lastRefreshTimeMs: try rows.optionalInt64(row, 13),
            lastRefreshStatus: rows.optionalString(row, 14),
            lastRefreshSummary: rows.optionalString(row, 15),
            entityCount: Int(try rows.int64(row, 16)), error: rows.optionalString(row, 17),
            lastRefreshNanoseconds: try rows.optionalInt64(row, 18),
            errorCode: rows.optionalString(row, 19))
    }

    static func records(_ rows: Rows) throws(PostgresError) -> [SourceRecord] {
        var records: [SourceRecord] = []
        for row in 0..<rows.count { records.append(try record(rows, row)) }
        return records
    }

    static func strings(_ bytes: [UInt8]) throws(PostgresError) -> [String] {
        (try json(bytes).arrayValue ?? []).compactMap(\.stringValue)
    }

    private static func json(_ bytes: [UInt8]) throws(PostgresError) -> JSONValue {
        do {
            return try JSONParser.parse(bytes)
        } catch {
            throw PostgresError(.decoding, "a source holds JSON that cannot be read")
        }
    }

    /// A definition as a row for `jsonb_to_recordset`.
    static func json(_ definition: SourceDefinition, position: Int) -> JSONValue {
        [
            "plugin": .string(definition.plugin), "id": .string(definition.id),
            "name": .string(definition.name), "type": .string(definition.type),
            "enabled": .bool(definition.enabled), "labels": .strings(definition.labels),
            "properties": .object(definition.properties),
            "included_items": .strings(definition.includedItems),
            "excluded_items": .strings(definition.excludedItems), "position": .int(position),
            "origin": .string(origin(definition)),
        ]
    }

    /// The directory of a source of a file; never empty, which is how others are known.
    private static func origin(_ definition: SourceDefinition) -> String {
        let directory = definition.originDirectory ?? ""
        return directory.isEmpty ? "." : directory
    }
}
