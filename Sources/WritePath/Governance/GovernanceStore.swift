package import CatalogModel
package import Postgres
package import Telemetry

/// Who changes something about an asset, and by which request.
package struct GovernanceActor: Sendable, Hashable {
    package let name: String
    /// The roles and groups that the request carries.
    package let roles: Set<String>
    package let context: WriteContext

    /// Collects the parts.
    package init(name: String, roles: Set<String>, context: WriteContext) {
        self.name = name
        self.roles = roles
        self.context = context
    }

    var namespace: Namespace { context.namespace }
}

/// One page of governance records, newest first.
package struct GovernancePage<Item: Sendable>: Sendable {
    package let items: [Item]
    /// Leads to the next page; nil on the last one.
    package let nextPageToken: String?
    package let totalSize: Int
}

/// What is said and decided about the assets of all namespaces; every answer comes from Postgres.
///
/// A change locks the asset's row, and is committed together with its audit events, which are
/// written whether or not auditing of requests is on: they are the asset's history.
package struct GovernanceStore: Sendable {
    let pool: Pool
    let observer: Observer
    let rules: GovernanceRules
    let isAuditEnabled: Bool
    private let store: CatalogStore

    /// Reads and writes through the pool, by the operator's rules.
    package init(
        pool: Pool, observer: Observer, rules: GovernanceRules, isAuditEnabled: Bool = true
    ) {
        self.pool = pool
        self.observer = observer
        self.rules = rules
        self.isAuditEnabled = isAuditEnabled
        store = CatalogStore(pool: pool, observer: observer)
    }

    /// Reads the record of an asset, and makes the default one for an asset that has none.
    package func record(
        of asset: AssetReference, in namespace: Namespace
    ) async throws(RequestError) -> GovernanceRecord {
        let identity = GovernanceRows.identity(asset, namespace)
        do {
            var rows = try await pool.query(GovernanceRows.record, identity)
            if rows.isEmpty {
                _ = try await pool.query(GovernanceRows.create, identity)
                rows = try await pool.query(GovernanceRows.record, identity)
            }
            return try GovernanceRows.record(rows, of: asset)
        } catch {
            throw RequestError.of(error, namespace: namespace.name, observer: observer)
        }
    }

    /// Replaces the sections that the overlay holds.
    ///
    /// Throws `.badRequest` for a wrong type or a change of the lifecycle's state.
    package func patch(
        _ asset: AssetReference, _ overlay: JSONObject, by actor: GovernanceActor
    ) async throws(RequestError) -> GovernanceRecord {
        try await change(by: actor) { transaction in
            var record = try await transaction.lock(asset)
            let (old, new) = try record.apply(overlay)
            try await transaction.save(record)
            transaction.note("governance.metadata.changed", action: "patch", about: asset) {
                $0.oldValue = old
                $0.newValue = new
            }
            return record
        }
    }

    /// Runs the body in a transaction and commits it with the events that the body noted.
    func change<R: Sendable>(
        by actor: GovernanceActor, _ body: (inout GovernanceTransaction) async throws -> R
    ) async throws(RequestError) -> R {
        try await store.transacting(actor.namespace) { connection, progress in
            _ = try await connection.pipeline([
                Query(CatalogStore.begin),
                CatalogStore.settings(
                    actor: actor.name, requestID: actor.context.requestID ?? ""),
            ])
            var transaction = GovernanceTransaction(connection, actor: actor)
            let result = try await body(&transaction)
            progress.isCommitting = true
            let records = transaction.events.map { AuditWriter.statement($0) }
            let rows = try await connection.pipeline(records + [Query(CatalogStore.commit)])
            try CatalogStore.checkCommitted(rows)
            return result
        }
    }

    /// Reads one page of a list that is ordered by time and id.
    func page<Item>(
        _ statements: (count: Statement, first: Statement, next: Statement),
        _ values: [Parameter], canonical: String, size: Int?, token: String?,
        in namespace: Namespace, _ item: (Rows, Int) throws(PostgresError) -> Item,
        key: (Item) -> String
    ) async throws(RequestError) -> GovernancePage<Item> {
        let size =
            (size ?? 0) < 1
            ? WriteLimits.auditPageSize : min(size ?? 0, WriteLimits.auditPageSizeMax)
        var parameters = values + [.int8(Int64(size + 1))]
        var statement = statements.first
        if let token, !token.isEmpty {
            let after = try PageToken(decoding: token, query: canonical)
            parameters += [.int8(after.id), .text(after.recordID)]
            statement = statements.next
        }
        do {
            let queries = [Query(statement, parameters), Query(statements.count, values)]
            let answers = try await pool.withConnection { try await $0.pipeline(queries) }
            let rows = answers[0]
            let items = try (0..<min(rows.count, size)).map { try item(rows, $0) }
            var next: String?
            if rows.count > size, let last = items.last {
                let micros = try rows.int64(size - 1, 0)
                next =
                    PageToken(query: canonical, key: Array(key(last).utf8), id: micros).encoded
            }
            return GovernancePage(
                items: items, nextPageToken: next, totalSize: Int(try answers[1].int64(0, 0)))
        } catch {
            throw RequestError.of(error, namespace: namespace.name, observer: observer)
        }
    }
}
