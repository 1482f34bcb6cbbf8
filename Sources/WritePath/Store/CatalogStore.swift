package import CatalogModel
package import Postgres
package import Telemetry

/// The store: every write of a client goes through here, in one transaction with its audit event.
///
/// A write takes two round trips, three with an idempotency key, and holds the lock of its
/// namespace from the first to the last.
package final class CatalogStore: Sendable {
    let pool: Pool
    let observer: Observer
    /// Whether writes record audit events.
    package let isAuditEnabled: Bool
    /// Lets concurrent writes share transactions; nil if each is to have its own.
    private let committer: GroupCommitter?

    /// Writes through the pool; concurrent writes of one namespace share a transaction when grouped.
    ///
    /// No more than `waitingWrites` of a namespace then wait for the transaction before theirs.
    package init(
        pool: Pool, observer: Observer, isAuditEnabled: Bool = true, isGrouping: Bool = true,
        waitingWrites: Int = WriteLimits.waitingWrites
    ) {
        self.pool = pool
        self.observer = observer
        self.isAuditEnabled = isAuditEnabled
        committer = isGrouping ? GroupCommitter(limits: .init(waitingWrites: waitingWrites)) : nil
    }

    /// Writes that wait for a transaction which they will share.
    package var waitingWrites: Int { committer?.waitingCount ?? 0 }

    /// Runs a command to its commit.
    ///
    /// Throws what the client is to be told: its own mistakes, conflicts, or `.unavailable` when the
    /// database is not there. Only when the connection breaks during the commit may a write
    /// that threw have happened; the message says so.
    package func execute(
        _ command: EntityCommand, _ context: WriteContext
    ) async throws(RequestError) -> WriteResponse {
        let event =
            isAuditEnabled
            ? command.auditEvent(context, outcome: .success, statusCode: nil) : nil
        let plan: GroupMember.Plan
        switch command.operation {
        case .bulk(let items):
            plan = .bulk(
                try BulkPlan(
                    items, plugin: command.plugin, kind: command.kind,
                    namespace: context.namespace, event: event))
        case .create, .replace, .mergePatch, .delete:
            plan = .entity(
                try EntityPlan(command, namespace: context.namespace, event: event))
        }
        let member = GroupMember(plan: plan, key: try IdempotencyKey(context), context: context)
        guard let committer else { return try await writeAlone(member) }
        return try await committer.submit(member) { [self] in await writeGroup($0) }.get()
    }

    /// Reads the head of a namespace; nil while nothing was ever written there.
    package func head(of namespace: Namespace) async throws(RequestError) -> NamespaceHead? {
        do {
            let rows = try await pool.query(NamespaceRow.read, [.text(namespace.name)])
            return rows.isEmpty ? nil : try NamespaceRow.head(rows, namespace)
        } catch {
            throw RequestError.of(error, namespace: namespace.name, observer: observer)
        }
    }

    /// Removes the answers whose idempotency keys have expired; returns how many.
    package func deleteExpiredIdempotencyKeys() async throws(RequestError) -> Int {
        var total = 0
        do {
            while true {
                let rows = try await pool.query(
                    IdempotencyKey.deleteExpired,
                    [
                        .int8(WriteLimits.idempotencyLifetime.components.seconds),
                        .int8(Int64(WriteLimits.deletionBatch)),
                    ])
                total += rows.affectedRows
                if rows.affectedRows < WriteLimits.deletionBatch { return total }
            }
        } catch {
            throw RequestError.of(error, namespace: Namespace.default.name, observer: observer)
        }
    }
}
