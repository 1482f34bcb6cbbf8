/// A table of the store as it travels from the embedded store to Postgres: every value as a text.
struct CopiedTable: Sendable {
    /// How a value is written on both sides.
    enum Kind: Sendable {
        case text, integer, boolean, document, texts, time, bytes, uuid, transaction
    }

    struct Column: Sendable {
        let name: String
        let kind: Kind
    }

    let name: String
    let columns: [Column]
    /// The numbers of the columns that order the rows; together they are unique.
    let key: [Int]
    /// Whether Postgres would number the rows itself.
    let isNumbered: Bool

    /// Columns as words `name` or `name:kind`; those of the key begin with `+`.
    init(_ name: String, _ columns: String, isNumbered: Bool = false) {
        self.name = name
        self.isNumbered = isNumbered
        var list: [Column] = []
        var key: [Int] = []
        for word in columns.split(whereSeparator: \.isWhitespace) {
            let isKey = word.hasPrefix("+")
            let parts = word.drop { $0 == "+" }.split(separator: ":")
            if isKey { key.append(list.count) }
            list.append(Column(name: String(parts[0]), kind: Self.kind(parts.dropFirst().first)))
        }
        precondition(!key.isEmpty, "a table is read in the order of its key")
        self.columns = list
        self.key = key
    }

    private static func kind(_ word: Substring?) -> Kind {
        switch word {
        case "int": .integer
        case "bool": .boolean
        case "json": .document
        case "texts": .texts
        case "time": .time
        case "bytes": .bytes
        case "uuid": .uuid
        case "xid": .transaction
        default: .text
        }
    }

    // MARK: Statements

    /// Reads the next rows after a key, which the parameters behind the number of rows say.
    func select(isFirst: Bool) -> String {
        let list = columns.map { column in
            column.kind == .bytes ? "encode(\(column.name), 'hex')" : column.name
        }
        let names = key.map { columns[$0].name }.joined(separator: ", ")
        let values = key.enumerated().map { index, column in
            columns[column].kind == .integer
                ? "CAST($\(index + 2) AS INTEGER)" : "$\(index + 2)"
        }
        let after = isFirst ? "" : " WHERE (\(names)) > (\(values.joined(separator: ", ")))"
        return "SELECT \(list.joined(separator: ", ")) FROM \(name)\(after) "
            + "ORDER BY \(names) LIMIT $1"
    }

    /// Writes rows that come as one array of texts for each column.
    var insert: String {
        let names = columns.map(\.name).joined(separator: ", ")
        let arrays = (1...columns.count).map { "$\($0)::text[]" }.joined(separator: ", ")
        let values = columns.map(Self.value).joined(separator: ", ")
        let aliases = columns.map { "\"\($0.name)\"" }.joined(separator: ", ")
        return "INSERT INTO \(name) (\(names)) \(isNumbered ? "OVERRIDING SYSTEM VALUE " : "")"
            + "SELECT \(values) FROM unnest(\(arrays)) AS u (\(aliases))"
    }

    private static func value(_ column: Column) -> String {
        let text = "u.\"\(column.name)\""
        return switch column.kind {
        case .text: text
        case .integer: "\(text)::bigint"
        case .boolean: "\(text)::boolean"
        case .document: "\(text)::jsonb"
        case .texts:
            "CASE WHEN \(text) IS NULL THEN NULL "
                + "ELSE ARRAY(SELECT jsonb_array_elements_text(\(text)::jsonb)) END"
        case .time: "'epoch'::timestamptz + \(text)::bigint * interval '1 microsecond'"
        case .bytes: "decode(\(text), 'hex')"
        case .uuid: "\(text)::uuid"
        case .transaction: "\(text)::xid8"
        }
    }

    // MARK: Tables

    /// Every table that holds what somebody would miss, each after those that it refers to.
    static let all: [CopiedTable] = [
        CopiedTable(
            "namespaces",
            "+name epoch:uuid revision:int digest:int floor:int updated_at:time lineage"),
        CopiedTable(
            "revisions",
            "+namespace +revision:int xid:xid committed_at:time digest:int actor request_id"),
        CopiedTable(
            "revision_changes", "+namespace +revision:int +plugin +kind +source +name op"),
        CopiedTable(
            "collections", "+namespace +plugin +kind revision:int digest:int entity_count:int"),
        CopiedTable(
            "entities",
            "+id:int namespace plugin kind source name doc:json version:int revision:int digest:int "
                + "created_at:time updated_at:time"),
        CopiedTable(
            "entity_overlays", "+namespace +plugin +kind +name overlay:json updated_at:time"),
        CopiedTable(
            "audit_events",
            "+id:uuid namespace correlation_id event_type actor request_id plugin resource_type "
                + "resource_ids:texts asset_uid version_id action action_verb outcome "
                + "status_code:int reason old_value:json new_value:json metadata:json "
                + "created_at:time sequence:int prev_hash:bytes hash:bytes"),
        CopiedTable(
            "audit_chains",
            "+namespace sequence:int hash:bytes last_at:time anchor_sequence:int anchor_hash:bytes"),
        CopiedTable(
            "refresh_jobs",
            "+id:uuid namespace plugin source_id requested_by requested_at:time state progress "
                + "message started_at:time finished_at:time attempt_count:int last_error "
                + "idempotency_key entities_loaded:int entities_removed:int duration_ms:int "
                + "not_before:time cancel_requested:bool caused_by_revision:int"),
        CopiedTable(
            "idempotency_keys",
            "+namespace +key request_digest:bytes status:int headers:json body:bytes created_at:time"
        ),
        CopiedTable(
            "catalog_sources",
            "+namespace +plugin +id name type enabled:bool labels:texts properties:json "
                + "included_items:texts excluded_items:texts position:int origin state "
                + "last_refresh_time:time last_refresh_status last_refresh_summary "
                + "entity_count:int error last_refresh_duration:int error_code"),
        CopiedTable("config_documents", "+name version changed_at:time"),
        CopiedTable(
            "source_revisions",
            "+sequence:int namespace plugin source version definition:json size:int actor "
                + "created_at:time", isNumbered: true),
        CopiedTable(
            "governance_assets",
            "+namespace +plugin +kind +name sections:json state state_reason changed_by "
                + "changed_at:time created_at:time"),
        CopiedTable(
            "governance_versions",
            "+namespace +plugin +kind +name +version_id label reason created_at:time created_by "
                + "content_digest snapshot:json provenance:json"),
        CopiedTable(
            "governance_bindings",
            "+namespace +plugin +kind +name +environment version_id previous_version_id "
                + "bound_at:time bound_by"),
        CopiedTable(
            "governance_approvals",
            "+id:uuid namespace plugin kind name action from_state to_state policy_id "
                + "required_count:int status requester reason resolved_at:time resolved_by "
                + "resolution_note expires_at:time created_at:time"),
        CopiedTable(
            "governance_decisions",
            "+id:uuid request_id:uuid reviewer verdict comment created_at:time"),
    ]
}
