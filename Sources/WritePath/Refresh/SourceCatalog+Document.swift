import CatalogModel
import Postgres

/// Which version of a document of sources the table reflects.
extension SourceCatalog {
    private static let known: Statement = "SELECT version FROM config_documents WHERE name = $1"
    private static let note: Statement = """
        INSERT INTO config_documents (name, version) VALUES ($1, $2)
        ON CONFLICT (name) DO UPDATE SET version = EXCLUDED.version, changed_at = clock_timestamp()
        """

    /// The version of a document that the sources are those of; nil before the first time.
    package func documentVersion(_ name: String) async throws -> String? {
        let rows = try await pool.query(Self.known, [.text(name)])
        return rows.isEmpty ? nil : try rows.string(0, 0)
    }

    /// Makes the document's sources those of the namespace `default`, unless another version of it
    /// was taken over since `known` was asked for; returns the plugins that changed, nil then.
    package func synchronize(
        _ configuration: SourcesConfiguration, document: String, text: String, after known: String?
    ) async throws -> [String]? {
        let values = try Self.values(configuration, .default, keepsChanges: false)
        return try await pool.transaction { connection in
            _ = try await connection.query(Self.lock)
            let rows = try await connection.query(Self.known, [.text(document)])
            let present = rows.isEmpty ? nil : try rows.string(0, 0)
            guard present == known else { return nil }
            _ = try await connection.query(
                Self.note, [.text(document), .text(ConfigVersion.whole(text))])
            return try await Self.write(values, on: connection)
        }
    }
}
