package import CatalogModel
package import Postgres
package import Telemetry

/// Lays tags, annotations and a lifecycle over entities, whatever source they come from.
///
/// A change of an overlay changes the entities that it lies over, by a trigger, in the same
/// transaction: it has a revision like every other change, and no cache can miss it.
package struct EntityOverlays: Sendable {
    /// What an action came to.
    package struct Outcome: Sendable {
        package let data: JSONObject
        /// The head after the change; nil when nothing changed.
        package let head: NamespaceHead?
        /// The sources that have the entity.
        package let sources: [String]
    }

    private let pool: Pool
    private let observer: Observer

    /// Lays overlays in the pool's database.
    package init(pool: Pool, observer: Observer) {
        self.pool = pool
        self.observer = observer
    }

    private static let settings: Statement = """
        SELECT set_config('catalog.actor', $1, true), set_config('catalog.request_id', $2, true)
        """
    private static let sources = Statement(
        """
        \(CollectionSources.walk)
        SELECT s.source FROM sources s
        WHERE s.source IS NOT NULL AND EXISTS (
            SELECT FROM entities e WHERE e.namespace = $1 AND e.plugin = $2 AND e.kind = $3
                AND e.source = s.source AND e.name = $4)
        ORDER BY s.source
        """)
    private static let read: Statement = """
        SELECT o.overlay::text FROM entity_overlays o
        WHERE o.namespace = $1 AND o.plugin = $2 AND o.kind = $3 AND o.name = $4
        """
    private static let write: Statement = """
        INSERT INTO entity_overlays AS o (namespace, plugin, kind, name, overlay)
        VALUES ($1, $2, $3, $4, $5::jsonb)
        ON CONFLICT (namespace, plugin, kind, name) DO UPDATE
        SET overlay = EXCLUDED.overlay, updated_at = clock_timestamp()
        """

    /// Carries out an action on the entities of a name; a dry run only says what it would come to.
    ///
    /// Throws `.notFound` when no source has such an entity.
    package func apply(
        _ action: EntityAction, to name: String, of kind: KindDefinition,
        plugin: PluginDefinition, isDryRun: Bool, _ context: WriteContext, audit: AuditEvent?
    ) async throws(RequestError) -> Outcome {
        do {
            return try await pool.transaction { connection in
                try await self.run(
                    action,
                    [
                        .text(context.namespace.name), .text(plugin.name), .text(kind.kind),
                        .text(name.storable),
                    ], missing: .notFound("\(kind.notFoundNoun) \"\(name)\" not found"),
                    isDryRun: isDryRun, context, audit, on: connection)
            }
        } catch {
            throw RequestError.of(error, namespace: context.namespace.name, observer: observer)
        }
    }

    private func run(
        _ action: EntityAction, _ identity: [Parameter], missing: RequestError, isDryRun: Bool,
        _ context: WriteContext, _ audit: AuditEvent?, on connection: Connection
    ) async throws -> Outcome {
        let namespace = Parameter.text(context.namespace.name)
        var opening = [
            Query(
                Self.settings,
                [.text(context.actor.storable), .text((context.requestID ?? "").storable)])
        ]
        if !isDryRun { opening.append(Query(NamespaceRow.lock, [namespace])) }
        opening += [Query(Self.sources, identity), Query(Self.read, identity)]
        let rows = try await connection.pipeline(opening)
        let (found, kept) = (rows[rows.count - 2], rows[rows.count - 1])
        guard !found.isEmpty else { throw missing }
        let sources = try (0..<found.count).map { try found.string($0, 0) }
        let before = kept.isEmpty ? JSONObject() : try Self.object(kept.bytes(0, 0))
        let after = try action.applied(to: before)
        var head: NamespaceHead?
        if !isDryRun, after != before {
            _ = try await connection.query(
                Self.write, identity + [.json(JSONValue.object(after).encodedText)])
            head = try NamespaceRow.head(
                await connection.query(NamespaceRow.read, [namespace]), context.namespace)
        }
        if let audit {
            var event = audit
            event.oldValue = before
            event.newValue = after
            let query = AuditWriter.statement(event)
            _ = try await connection.query(query.statement, query.parameters)
        }
        return Outcome(data: action.data(after), head: head, sources: sources)
    }

    private static func object(_ bytes: [UInt8]) throws(PostgresError) -> JSONObject {
        guard let object = (try? JSONParser.parse(bytes))?.objectValue else {
            throw PostgresError(.decoding, "an overlay cannot be read")
        }
        return object
    }
}
