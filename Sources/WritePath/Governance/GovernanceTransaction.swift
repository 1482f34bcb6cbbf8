import CatalogModel
import Postgres

/// One change of an asset on its way to the commit.
struct GovernanceTransaction {
    let connection: Connection
    let actor: GovernanceActor
    /// Written right before the commit, in their order.
    private(set) var events: [AuditEvent] = []

    init(_ connection: Connection, actor: GovernanceActor) {
        self.connection = connection
        self.actor = actor
    }

    var namespace: Namespace { actor.namespace }

    func identity(_ asset: AssetReference) -> [Parameter] {
        GovernanceRows.identity(asset, namespace)
    }

    /// Makes the asset's record if need be, and keeps everybody else from changing it.
    func lock(_ asset: AssetReference) async throws -> GovernanceRecord {
        let identity = identity(asset)
        let rows = try await connection.pipeline([
            Query(GovernanceRows.create, identity), Query(GovernanceRows.lock, identity),
        ])
        return try GovernanceRows.record(rows[1], of: asset)
    }

    /// Keeps everybody else from changing the asset's record; nil if there is none.
    func lockPresent(_ asset: AssetReference) async throws -> GovernanceRecord? {
        let rows = try await connection.query(GovernanceRows.lock, identity(asset))
        return rows.isEmpty ? nil : try GovernanceRows.record(rows, of: asset)
    }

    func save(_ record: GovernanceRecord) async throws {
        _ = try await connection.query(
            GovernanceRows.save,
            identity(record.asset) + [
                .json(JSONValue.object(record.sections).storable.encodedText),
                .text(record.state.rawValue), .text(record.reason.storable),
                .text(record.changedBy), record.changedAtMs.map { .timestamptz(ms: $0) } ?? .null,
            ])
    }

    /// Moves an asset to a state that the rules allow, and notes it.
    mutating func move(
        _ record: GovernanceRecord, to state: LifecycleState, reason: String, by changer: String,
        action: String, correlation: String? = nil
    ) async throws {
        var moved = record
        moved.state = state
        moved.reason = reason
        moved.changedBy = changer
        let now = try await connection.query(GovernanceRows.now)
        moved.changedAtMs = try now.int64(0, 0)
        try await save(moved)
        note("governance.lifecycle.changed", action: action, about: record.asset) {
            $0.oldValue = ["state": .string(record.state.rawValue)]
            $0.newValue = ["state": .string(state.rawValue)]
            $0.reason = reason
            if let correlation { $0.correlationID = correlation }
        }
    }

    /// Adds the event of a request that changes nothing; the asset's history does not show it.
    mutating func noteDryRun(_ action: String, on asset: AssetReference) {
        var event = AuditEvent(actor.context, outcome: .success, statusCode: 200)
        event.resourceType = "assets"
        event.resourceIDs = [asset.name]
        event.action = action
        event.metadata?["dryRun"] = true
        events.append(event)
    }

    /// Adds an event of the asset; what is special about it is the closure's.
    mutating func note(
        _ type: String, action: String, about asset: AssetReference,
        _ complete: (inout AuditEvent) -> Void
    ) {
        var event = AuditEvent(actor.context, outcome: .success, statusCode: nil)
        event.eventType = type
        event.actor = actor.name
        event.action = action
        event.plugin = asset.plugin
        event.resourceType = "assets"
        event.resourceIDs = [asset.name]
        event.assetUID = asset.uid
        complete(&event)
        events.append(event)
    }
}

/// The statements on the records of assets, and what their rows mean.
enum GovernanceRows {
    static func identity(_ asset: AssetReference, _ namespace: Namespace) -> [Parameter] {
        [.text(namespace.name), .text(asset.plugin), .text(asset.kind), .text(asset.name)]
    }

    static let ofAsset = "namespace = $1 AND plugin = $2 AND kind = $3 AND name = $4"
    private static let select = """
        SELECT sections::text, state, state_reason, changed_by,
            floor(extract(epoch FROM changed_at) * 1000)::bigint
        FROM governance_assets WHERE \(ofAsset)
        """
    static let record = Statement(select)
    static let lock = Statement(select + " FOR UPDATE")
    static let create: Statement = """
        INSERT INTO governance_assets (namespace, plugin, kind, name) VALUES ($1, $2, $3, $4)
        ON CONFLICT DO NOTHING
        """
    static let save = Statement(
        """
        UPDATE governance_assets SET sections = $5::jsonb, state = $6, state_reason = $7,
            changed_by = $8, changed_at = $9::timestamptz
        WHERE \(ofAsset)
        """)
    static let now: Statement = "SELECT floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint"

    static func record(
        _ rows: Rows, of asset: AssetReference
    ) throws(PostgresError) -> GovernanceRecord {
        guard !rows.isEmpty, let sections = try object(rows, 0, 0),
            let state = LifecycleState(rawValue: try rows.string(0, 1))
        else { throw PostgresError(.decoding, "the record of an asset cannot be read") }
        return GovernanceRecord(
            asset: asset, sections: sections, state: state, reason: try rows.string(0, 2),
            changedBy: try rows.string(0, 3), changedAtMs: try rows.optionalInt64(0, 4))
    }

    static func object(
        _ rows: Rows, _ row: Int, _ column: Int
    ) throws(PostgresError) -> JSONObject? {
        guard let bytes = try rows.optionalBytes(row, column) else { return nil }
        return (try? JSONParser.parse(bytes))?.objectValue
    }
}
