package import CatalogModel
package import Postgres

/// Makes the rows of one source equal to what the source holds, touching only what differs.
///
/// Compares without any lock first; only when something differs it takes the namespace's row, so
/// that a refresh without changes makes no revision and holds up no writer.
package struct SourceReconciler: Sendable {
    /// Which rows are meant, and who changes them.
    package struct Target: Sendable, Hashable {
        package let namespace: Namespace
        package let plugin: String
        package let source: String
        /// Written to the change log.
        package var actor = Job.system
        package var requestID: String?
        /// When the refresh began.
        package var began = ContinuousClock.now

        /// Names the rows of a source.
        package init(
            _ namespace: Namespace, plugin: String, source: String, actor: String = Job.system,
            requestID: String? = nil
        ) {
            precondition(source != SourceRecord.reservedID, "the API's entities have no source")
            self.namespace = namespace
            self.plugin = plugin
            self.source = source
            self.actor = actor
            self.requestID = requestID
        }

        var parameters: [Parameter] { [.text(namespace.name), .text(plugin), .text(source)] }
    }

    /// What a source becomes after its rows are right.
    package enum Completion: Sendable, Equatable {
        case available
        case disabled
        /// The source left the configuration, and its record goes too.
        case removed
    }

    /// What was done.
    package struct Outcome: Sendable, Equatable {
        package let loaded: Int
        package let added: Int
        package let updated: Int
        package let removed: Int
        /// The namespace's head after the change; nil when nothing changed.
        package let head: NamespaceHead?
    }

    private let pool: Pool

    /// Makes a reconciler over the pool's database.
    package init(pool: Pool) {
        self.pool = pool
    }

    /// Brings the rows to what is loaded, and records the refresh, in one transaction.
    ///
    /// Throws a transient `JobFailure` when other writers keep changing the same rows, or
    /// Postgres' errors; then nothing has changed.
    package func reconcile(
        _ target: Target, with entities: [LoadedEntity], completion: Completion = .available
    ) async throws -> Outcome {
        let batch = EntityBatch(entities)
        for _ in 0..<JobLimits.reconcileRounds {
            let difference = try await compare(target, batch)
            if difference.isEmpty {
                return try await recordUnchanged(target, batch.count, completion)
            }
            if let outcome = try await apply(difference, target, batch, completion) {
                return outcome
            }
        }
        throw JobFailure(
            "source \"\(target.source)\": its entities keep changing", isTransient: true)
    }

    private func compare(_ target: Target, _ batch: EntityBatch) async throws -> SourceDifference {
        let rows = try await pool.query(
            ReconcileStatements.compare, target.parameters + batch.parameters,
            timeout: JobLimits.reconcileTimeout)
        return try SourceDifference(rows)
    }

    private func recordUnchanged(
        _ target: Target, _ loaded: Int, _ completion: Completion
    ) async throws -> Outcome {
        _ = try await pool.query(
            ReconcileStatements.record(completion),
            ReconcileStatements.recordParameters(target, completion, loaded: loaded, removed: 0))
        return Outcome(loaded: loaded, added: 0, updated: 0, removed: 0, head: nil)
    }

    /// Writes the difference, or returns nil when the rows are no longer those that were compared.
    private func apply(
        _ difference: SourceDifference, _ target: Target, _ batch: EntityBatch,
        _ completion: Completion
    ) async throws -> Outcome? {
        let name: Parameter = .text(target.namespace.name)
        let timeout = JobLimits.reconcileTimeout
        return try await pool.transaction { connection in
            _ = try await connection.pipeline([
                Query(
                    ReconcileStatements.context,
                    [.text(target.actor), .text(target.requestID ?? "")]),
                Query(NamespaceRow.create, [name]),
                Query(NamespaceRow.lock, [name]),
            ])
            let present = try await connection.query(
                ReconcileStatements.fingerprint, target.parameters)
            guard try SourceDifference.Fingerprint(present, row: 0) == difference.fingerprint else {
                return nil
            }
            var queries: [Query] = []
            let changes = [
                (ReconcileStatements.update, batch.selecting(difference.updated).parameters),
                (ReconcileStatements.insert, batch.selecting(difference.inserted).parameters),
                (ReconcileStatements.delete, difference.removedParameters),
            ]
            let counts = [
                difference.updated.count, difference.inserted.count, difference.removed.count,
            ]
            for (change, count) in zip(changes, counts) where count > 0 {
                queries.append(Query(change.0, target.parameters + change.1))
            }
            queries.append(
                Query(
                    ReconcileStatements.record(completion),
                    ReconcileStatements.recordParameters(
                        target, completion, loaded: batch.count,
                        removed: difference.removed.count)))
            queries.append(Query(NamespaceRow.read, [name]))
            let answers = try await connection.pipeline(queries, timeout: timeout)
            let touched = answers.prefix(queries.count - 2).reduce(0) { $0 + $1.affectedRows }
            guard touched == counts.reduce(0, +), let head = answers.last else {
                throw JobFailure(
                    "source \"\(target.source)\": its rows could not all be written",
                    isTransient: true)
            }
            return Outcome(
                loaded: batch.count, added: difference.inserted.count,
                updated: difference.updated.count, removed: difference.removed.count,
                head: try NamespaceRow.head(head, target.namespace))
        }
    }
}
