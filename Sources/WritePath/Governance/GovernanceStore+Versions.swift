package import CatalogModel
import Postgres

/// Versions of assets, with what the catalog held of them at that time.
extension GovernanceStore {
    /// Lists the versions of an asset, newest first; throws `.badRequest` for a foreign token.
    package func versions(
        of asset: AssetReference, in namespace: Namespace, size: Int?, token: String?
    ) async throws(RequestError) -> GovernancePage<AssetVersion> {
        try await page(
            (Self.countVersions, Self.firstVersions, Self.nextVersions),
            GovernanceRows.identity(asset, namespace),
            canonical: "versions\n\(namespace.name)\n\(asset.uid)", size: size, token: token,
            in: namespace, Self.version, key: { $0.id })
    }

    /// Makes a version of what the asset is now; throws `.badRequest` without a usable label.
    package func createVersion(
        of asset: AssetReference, label: String, reason: String, by actor: GovernanceActor
    ) async throws(RequestError) -> AssetVersion {
        try Self.check(label: label)
        return try await change(by: actor) { transaction in
            let record = try await transaction.lock(asset)
            return try await createVersion(
                of: record, label: label, reason: reason, action: "version.create", &transaction)
        }
    }

    static func check(label: String) throws(RequestError) {
        guard !label.isEmpty else { throw .badRequest("versionLabel is required") }
        let isPlain = !label.unicodeScalars.contains { $0.properties.generalCategory == .control }
        guard isPlain, label.utf8.count <= WriteLimits.versionLabelBytes else {
            throw .badRequest(
                "versionLabel must be at most \(WriteLimits.versionLabelBytes) bytes without "
                    + "control characters")
        }
    }

    func createVersion(
        of record: GovernanceRecord, label: String, reason: String, action: String,
        _ transaction: inout GovernanceTransaction
    ) async throws -> AssetVersion {
        let snapshot = try await snapshot(of: record.asset, transaction)
        let id = "\(label):\(AuditLog.randomUUID().prefix(8))"
        let actor = transaction.actor.name
        var kept: JSONObject? = nil
        if let snapshot {
            kept = ["document": .object(snapshot.document), "governance": record.json]
        }
        let rows = try await transaction.connection.query(
            Self.insertVersion,
            transaction.identity(record.asset) + [
                .text(id), .text(label), .text(reason.storable), .text(actor),
                .optional(snapshot?.digest), Self.json(kept), Self.json(snapshot?.provenance),
            ])
        let version = try Self.version(rows, 0)
        transaction.note("governance.version.created", action: action, about: record.asset) {
            $0.versionID = id
            $0.reason = reason
            var value: JSONObject = ["versionId": .string(id), "versionLabel": .string(label)]
            value["contentDigest"] = version.contentDigest.map { .string($0) }
            $0.newValue = value
        }
        return version
    }

    private static func json(_ object: JSONObject?) -> Parameter {
        object.map { .json(JSONValue.object($0).storable.encodedText) } ?? .null
    }

    /// Looks the entity up; an asset of a made-up kind or name has none.
    private func snapshot(
        of asset: AssetReference, _ transaction: GovernanceTransaction
    ) async throws -> AssetSnapshot? {
        let wanted = asset.kind.lowercased()
        let plugin = Plugins.all.first { $0.name == asset.plugin }
        let kind = plugin?.kinds.first {
            $0.kind.lowercased() == wanted || $0.plural.lowercased() == wanted
        }
        guard let plugin, let kind else { return nil }
        let rows = try await transaction.connection.query(
            Self.entity,
            [
                .text(transaction.namespace.name), .text(plugin.name), .text(kind.kind),
                .text(asset.name),
            ])
        guard !rows.isEmpty, let document = try GovernanceRows.object(rows, 0, 1) else {
            return nil
        }
        let digest = "sha256:\(try rows.string(0, 2))"
        let source = try rows.string(0, 0)
        let type = rows.optionalString(0, 5) ?? source
        let uri = rows.optionalString(0, 6) ?? ""
        let isTrusted =
            rules.trustedSources.isEmpty
            || rules.trustedSources.contains { $0 == source || (!uri.isEmpty && uri.hasPrefix($0)) }
        return AssetSnapshot(
            digest: digest, document: document,
            provenance: [
                "sourceType": .string(type), "sourceUri": .string(uri),
                "sourceId": .string(source), "revisionId": .string("\(try rows.int64(0, 3))"),
                "observedAt": .string(Timestamp(ms: try rows.int64(0, 4)).description),
                "integrity": [
                    "verified": .bool(isTrusted), "method": "sha256",
                    "details": .string(
                        isTrusted ? digest : "\(digest); the source is not a trusted one"),
                ],
            ])
    }

    static func version(_ rows: Rows, _ row: Int) throws(PostgresError) -> AssetVersion {
        AssetVersion(
            id: try rows.string(row, 1), label: try rows.string(row, 2),
            createdAtMs: try rows.int64(row, 0) / 1_000, createdBy: try rows.string(row, 3),
            contentDigest: rows.optionalString(row, 4),
            provenance: try GovernanceRows.object(rows, row, 5))
    }

    private static let columns = """
        floor(extract(epoch FROM created_at) * 1000000)::bigint, version_id, label, created_by,
        content_digest, provenance::text
        """
    private static let insertVersion = Statement(
        """
        INSERT INTO governance_versions (namespace, plugin, kind, name, version_id, label, reason,
            created_by, content_digest, snapshot, provenance)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10::jsonb, $11::jsonb) RETURNING \(columns)
        """)
    private static let countVersions = Statement(
        "SELECT count(*) FROM governance_versions WHERE \(GovernanceRows.ofAsset)")
    private static let firstVersions = Statement(
        """
        SELECT \(columns) FROM governance_versions WHERE \(GovernanceRows.ofAsset)
        ORDER BY created_at DESC, version_id DESC LIMIT $5::bigint
        """)
    private static let nextVersions = Statement(
        """
        SELECT \(columns) FROM governance_versions WHERE \(GovernanceRows.ofAsset)
            AND (created_at, version_id)
                < ('epoch'::timestamptz + $6::bigint * interval '1 microsecond', $7)
        ORDER BY created_at DESC, version_id DESC LIMIT $5::bigint
        """)
    /// One look-up for each source of the collection; the source that comes first by name wins.
    private static let entity = Statement(
        postgres: """
            \(CollectionSources.walk)
            SELECT \(AssetSnapshot.columns) FROM sources s
            JOIN LATERAL (
                SELECT * FROM entities
                WHERE namespace = $1 AND plugin = $2 AND kind = $3 AND source = s.source AND name = $4
                LIMIT 1
            ) e ON true
            LEFT JOIN catalog_sources c
                ON c.namespace = e.namespace AND c.plugin = e.plugin AND c.id = e.source
            ORDER BY e.source LIMIT 1
            """,
        sqlite: """
            SELECT \(AssetSnapshot.columns) FROM entities e
            LEFT JOIN catalog_sources c
                ON c.namespace = e.namespace AND c.plugin = e.plugin AND c.id = e.source
            WHERE e.namespace = $1 AND e.plugin = $2 AND e.kind = $3 AND e.name = $4
            ORDER BY e.source LIMIT 1
            """)
}
