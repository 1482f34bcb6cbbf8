import CatalogModel
import Postgres

/// The statements on a namespace's row: its head, and the lock that orders its writers.
enum NamespaceRow {
    static let read: Statement = """
        SELECT epoch::text, revision, digest, lineage FROM namespaces WHERE name = $1
        """

    /// Waits for every earlier writer of the namespace, whoever that is, and keeps out later ones.
    static let lock: Statement = """
        SELECT epoch::text, revision, digest, lineage FROM namespaces WHERE name = $1
        FOR NO KEY UPDATE
        """

    static let create: Statement = """
        INSERT INTO namespaces (name) VALUES ($1) ON CONFLICT (name) DO NOTHING
        """

    static func head(
        _ rows: Rows, _ namespace: Namespace
    ) throws(PostgresError) -> NamespaceHead {
        guard !rows.isEmpty else { throw PostgresError(.decoding, "the namespace has no row") }
        return NamespaceHead(
            namespace: namespace, epoch: Epoch(try rows.string(0, 0)),
            revision: Revision(UInt64(try rows.int64(0, 1))),
            digest: UInt64(bitPattern: try rows.int64(0, 2)),
            lineage: Lineage(try rows.string(0, 3)))
    }
}
