import CatalogModel
import Crypto
package import Postgres

/// Keeps sources in the database, so that all replicas agree; each source has its own history.
package struct DatabaseConfigStore: ConfigStore {
    package let keepsHistory = true
    private let pool: Pool

    private static let list = Statement(
        """
        SELECT r.version, floor(extract(epoch FROM r.created_at) * 1000)::bigint, r.size
        FROM source_revisions r
        WHERE r.namespace = $1 AND r.plugin = $2 AND r.source = $3 ORDER BY r.sequence DESC
        """)
    private static let find = Statement(
        """
        SELECT r.definition::text FROM source_revisions r
        WHERE r.namespace = $1 AND r.plugin = $2 AND r.source = $3 AND r.version = $4
        ORDER BY r.sequence DESC LIMIT 1
        """)
    private static let newest = Statement(
        """
        SELECT r.version, r.definition::text FROM source_revisions r
        WHERE r.namespace = $1 AND r.plugin = $2 AND r.source = $3
        ORDER BY r.sequence DESC LIMIT 1
        """)
    private static let insert = Statement(
        """
        INSERT INTO source_revisions (namespace, plugin, source, version, definition, size, actor)
        VALUES ($1, $2, $3, $4, $5::jsonb, $6, $7)
        """)
    private static let trim = Statement(
        """
        DELETE FROM source_revisions r
        WHERE r.namespace = $1 AND r.plugin = $2 AND r.source = $3 AND r.sequence <= (
            SELECT o.sequence FROM source_revisions o
            WHERE o.namespace = $1 AND o.plugin = $2 AND o.source = $3
            ORDER BY o.sequence DESC OFFSET \(ManagementLimits.revisionsKept) LIMIT 1)
        """)

    /// Keeps sources in the pool's database.
    package init(pool: Pool) {
        self.pool = pool
    }

    package func revisions(of key: SourceKey) async throws -> [ConfigRevision] {
        let rows = try await pool.query(Self.list, key.parameters)
        return try (0..<rows.count).map { row in
            ConfigRevision(
                version: try rows.string(row, 0), timestampMs: try rows.int64(row, 1),
                size: Int(try rows.int64(row, 2)))
        }
    }

    package func definition(
        of key: SourceKey, at version: String
    ) async throws -> SourceDefinition? {
        let rows = try await pool.query(Self.find, key.parameters + [.text(version.storable)])
        guard !rows.isEmpty else { throw Self.unknownVersion(version) }
        return try Self.definition(rows.optionalBytes(0, 0), key)
    }

    package func version(of key: SourceKey) async throws -> String {
        let rows = try await pool.query(Self.newest, key.parameters)
        return rows.isEmpty ? "" : try rows.string(0, 0)
    }

    package func record(
        _ change: ConfigChange, of key: SourceKey, expecting expected: String,
        on connection: Connection
    ) async throws -> String {
        let rows = try await connection.query(Self.newest, key.parameters)
        var version = rows.isEmpty ? "" : try rows.string(0, 0)
        guard version == expected else { throw Self.conflict }
        var present = rows.isEmpty ? nil : try Self.definition(rows.optionalBytes(0, 1), key)
        if rows.isEmpty, let before = change.before {
            version = try await insert(before, after: "", key, by: Job.system, on: connection)
            present = before
        }
        if !version.isEmpty, present?.json == change.after?.json { return version }
        version = try await insert(
            change.after, after: version, key, by: change.actor, on: connection)
        _ = try await connection.query(Self.trim, key.parameters)
        return version
    }

    private func insert(
        _ definition: SourceDefinition?, after previous: String, _ key: SourceKey,
        by actor: String, on connection: Connection
    ) async throws -> String {
        let text = definition.map { JSONValue.object($0.json).encodedText }
        let version = ConfigVersion.short("\(previous)\n\(text ?? "")")
        _ = try await connection.query(
            Self.insert,
            key.parameters + [
                .text(version), text.map { .json($0) } ?? .null,
                .int8(Int64(text?.utf8.count ?? 0)), .text(actor.storable),
            ])
        return version
    }

    private static func definition(
        _ bytes: [UInt8]?, _ key: SourceKey
    ) throws -> SourceDefinition? {
        guard let bytes else { return nil }
        guard let value = try? JSONParser.parse(bytes),
            let definition = SourceDefinition(json: value, plugin: key.plugin.name)
        else { throw PostgresError(.decoding, "a revision of a source cannot be read") }
        return definition
    }
}

/// Makes versions of texts.
package enum ConfigVersion {
    /// The first hex digits of the text's SHA-256.
    package static func short(_ text: String) -> String {
        String(whole(text).prefix(ManagementLimits.versionDigits))
    }

    /// All hex digits of the text's SHA-256.
    package static func whole(_ text: String) -> String {
        let digits = Array("0123456789abcdef".utf8)
        var hex: [UInt8] = []
        for byte in SHA256.hash(data: Array(text.utf8)) {
            hex += [digits[Int(byte >> 4)], digits[Int(byte & 15)]]
        }
        return String(decoding: hex, as: UTF8.self)
    }
}
