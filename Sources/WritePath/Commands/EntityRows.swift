import CatalogModel
import Postgres

/// The statements on entities that the API may write, and what their rows mean.
struct EntityRows {
    let namespace: Namespace
    let plugin: String
    let kind: KindDefinition

    /// The identity of an entity with the name.
    func key(_ name: String) -> EntityKey {
        EntityKey(
            plugin: plugin, kind: kind.kind, source: EntityCommand.source, name: name)
    }

    func read(_ name: String) -> Query { Query(Self.select, identity(name)) }

    func insert(_ name: String, _ document: JSONObject) -> Query {
        Query(Self.insertOne, identity(name) + [.json(JSONValue.object(document).encodedText)])
    }

    /// Changes the document; no row comes back when it was the same already.
    func update(_ name: String, _ document: JSONObject) -> Query {
        Query(Self.updateOne, identity(name) + [.json(JSONValue.object(document).encodedText)])
    }

    func delete(_ name: String) -> Query { Query(Self.deleteOne, identity(name)) }

    /// Finds the first other source that has the name; one index look-up for each source.
    func otherSource(_ name: String) -> Query { Query(Self.findSource, identity(name)) }

    func read(_ names: [String]) -> Query {
        Query(Self.selectMany, collection + [.textArray(names)])
    }

    func insert(_ drafts: [EntityDraft]) -> Query { Query(Self.insertMany, parameters(drafts)) }

    func update(_ drafts: [EntityDraft]) -> Query { Query(Self.updateMany, parameters(drafts)) }

    func delete(_ names: [String]) -> Query {
        Query(Self.deleteMany, collection + [.textArray(names)])
    }

    /// Reads row number `row` of any of these statements.
    func entity(_ rows: Rows, _ row: Int) throws(PostgresError) -> WrittenEntity {
        let entity = StoredEntity(
            key: key(try rows.string(row, 0)), id: try rows.int64(row, 1),
            version: try rows.int64(row, 2), revision: Revision(UInt64(try rows.int64(row, 3))),
            createdAtMs: try rows.int64(row, 5), updatedAtMs: try rows.int64(row, 6),
            doc: try rows.bytes(row, 7))
        return WrittenEntity(
            entity: entity, digest: UInt64(bitPattern: try rows.int64(row, 4)), kind: kind)
    }

    private var collection: [Parameter] {
        [.text(namespace.name), .text(plugin), .text(kind.kind)]
    }

    private func identity(_ name: String) -> [Parameter] { collection + [.text(name)] }

    private func parameters(_ drafts: [EntityDraft]) -> [Parameter] {
        collection + [
            .textArray(drafts.map(\.name)),
            .textArray(drafts.map { JSONValue.object($0.document).encodedText }),
        ]
    }
}

extension EntityRows {
    private static let columns = """
        e.name, e.id, e.version, e.revision, e.digest,
        floor(extract(epoch FROM e.created_at) * 1000)::bigint,
        floor(extract(epoch FROM e.updated_at) * 1000)::bigint, e.doc::text
        """
    private static let ofCollection = """
        e.namespace = $1 AND e.plugin = $2 AND e.kind = $3 AND e.source = '\(EntityCommand.source)'
        """

    /// Whether a row was written in this transaction: what SQLite's triggers make of a row shows
    /// only afterwards, so there a second statement reads what the first has written.
    private static let isWritten = """
        e.revision = (SELECT n.revision FROM namespaces n
            WHERE n.name = $1 AND n.xid = catalog_transaction())
        """

    private static let select = Statement(
        "SELECT \(columns) FROM entities e WHERE \(ofCollection) AND e.name = $4")
    private static let insertOneText = """
        INSERT INTO entities AS e (namespace, plugin, kind, source, name, doc)
        VALUES ($1, $2, $3, '\(EntityCommand.source)', $4, $5::jsonb)
        """
    private static let insertOne = Statement(
        postgres: "\(insertOneText) RETURNING \(columns)",
        sqlite: insertOneText,
        "SELECT \(columns) FROM entities e WHERE \(ofCollection) AND e.name = $4")
    /// Compares the printed text, because jsonb calls 1 and 1.0 equal.
    private static let updateOneText = """
        UPDATE entities e SET doc = $5::jsonb
        WHERE \(ofCollection) AND e.name = $4
            AND (e.doc - catalog_overlay_keys())::text <> $5::jsonb::text
        """
    private static let updateOne = Statement(
        postgres: "\(updateOneText) RETURNING \(columns)",
        sqlite: updateOneText,
        "SELECT \(columns) FROM entities e WHERE \(ofCollection) AND e.name = $4 AND \(isWritten)")
    private static let deleteOne = Statement(
        "DELETE FROM entities e WHERE \(ofCollection) AND e.name = $4 RETURNING \(columns)")
    private static let selectMany = Statement(
        "SELECT \(columns) FROM entities e WHERE \(ofCollection) AND e.name = ANY ($4::text[])")
    private static let insertManyText = """
        INSERT INTO entities AS e (namespace, plugin, kind, source, name, doc)
        SELECT $1, $2, $3, '\(EntityCommand.source)', t.name, t.doc::jsonb
        FROM unnest($4::text[], $5::text[]) AS t (name, doc)
        """
    private static let insertMany = Statement(
        postgres: "\(insertManyText) RETURNING \(columns)",
        sqlite: insertManyText, writtenRows)
    private static let updateManyText = """
        UPDATE entities e SET doc = t.doc::jsonb
        FROM unnest($4::text[], $5::text[]) AS t (name, doc)
        WHERE \(ofCollection) AND e.name = t.name
            AND (e.doc - catalog_overlay_keys())::text <> t.doc::jsonb::text
        """
    private static let updateMany = Statement(
        postgres: "\(updateManyText) RETURNING \(columns)",
        sqlite: updateManyText, writtenRows)
    private static let writtenRows = """
        SELECT \(columns) FROM entities e
        WHERE \(ofCollection) AND e.name = ANY ($4::text[]) AND \(isWritten)
        """
    private static let deleteMany = Statement(
        """
        DELETE FROM entities e WHERE \(ofCollection) AND e.name = ANY ($4::text[])
        RETURNING \(columns)
        """)
    private static let findSource = Statement(
        """
        \(CollectionSources.walk)
        SELECT s.source FROM sources s
        WHERE s.source <> '\(EntityCommand.source)' AND EXISTS (
            SELECT FROM entities e WHERE e.namespace = $1 AND e.plugin = $2 AND e.kind = $3
                AND e.source = s.source AND e.name = $4)
        LIMIT 1
        """)
}
