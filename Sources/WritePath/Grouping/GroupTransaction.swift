import CatalogModel
import Postgres
import Telemetry

/// One attempt to write a group: lock, decide each, write all, commit.
///
/// Two round trips, one more when a write has an idempotency key or may not be what it seems.
/// All writes get the same revision. No two of them touch the same entity or have the same key.
struct GroupTransaction {
    typealias Outcome = GroupMember.Outcome

    /// A write that goes ahead.
    private struct Decided {
        let index: Int
        let change: EntityChange
    }

    private let namespace: Namespace
    private let writes: [GroupWrite]
    private let isSeparate: Bool
    private let connection: Connection
    private let progress: CatalogStore.Progress
    private let observer: Observer

    private var outcomes: [Outcome?]
    private var decided: [Decided] = []
    /// Keys that this transaction has claimed for writes that fail.
    private var released: [IdempotencyKey] = []
    /// The rows that the statements returned.
    private var written: [EntityKey: WrittenEntity] = [:]

    init(
        _ writes: [GroupWrite], in namespace: Namespace, isSeparate: Bool,
        on connection: Connection, _ progress: CatalogStore.Progress, observer: Observer
    ) {
        self.writes = writes
        self.namespace = namespace
        self.isSeparate = isSeparate
        self.connection = connection
        self.progress = progress
        self.observer = observer
        outcomes = Array(repeating: nil, count: writes.count)
    }

    /// Runs to the commit; an error that is thrown is everybody's.
    mutating func run() async throws -> [Outcome] {
        try await decide(open())
        if decided.isEmpty {
            // Takes back the claims, too.
            _ = try await connection.query(CatalogStore.rollback)
            return try finished()
        }
        let label = settings
        if isSeparate {
            _ = try await connection.pipeline([label])
            try await writeSeparately()
            try await commit([], [])
        } else {
            let changes = changes
            try await commit([label] + changes.map(\.query) + records, changes.map(\.rows))
        }
        return try finished()
    }

    private func finished() throws -> [Outcome] {
        try outcomes.map { outcome in
            guard let outcome else {
                throw RequestError(.internalError, "a write of a group has no outcome")
            }
            return outcome
        }
    }

    // MARK: Deciding

    /// Claims the keys, locks the namespace and reads what the writes are about.
    private mutating func open() async throws -> [EntityKey: WrittenEntity] {
        let name = Parameter.text(namespace.name)
        // In the order of the keys, so that two groups cannot wait for each other.
        let keyed = writes.indices.compactMap { index in
            writes[index].key.map { (index: index, key: $0) }
        }.sorted { $0.key.key < $1.key.key }
        let opening =
            [Query(CatalogStore.begin), CatalogStore.settings(actor: "", requestID: "")]
            + keyed.flatMap(\.key.claim)
        let collections = collections(of: writes.map(\.plan))
        let locking =
            [Query(NamespaceRow.lock, [name])]
            + collections.map { $0.rows.read($0.names) }
        var rows = try await connection.pipeline(opening + locking)
        let claims = Array(rows[2..<opening.count])
        rows.removeFirst(opening.count)
        if rows[0].isEmpty {
            rows = try await connection.pipeline([Query(NamespaceRow.create, [name])] + locking)
            rows.removeFirst()
        }
        let head = try NamespaceRow.head(rows[0], namespace)
        for (number, (index, key)) in keyed.enumerated() {
            outcomes[index] = GroupTransaction.outcome {
                try key.storedAnswer(claims[2 * number], claims[2 * number + 1], head: head)
            }
        }
        var present: [EntityKey: WrittenEntity] = [:]
        for (collection, answer) in zip(collections, rows.dropFirst()) {
            try GroupTransaction.collect(answer, of: collection.rows, into: &present)
        }
        return present
    }

    /// Chooses what each write does, as if it came alone.
    private mutating func decide(_ present: [EntityKey: WrittenEntity]) async throws {
        var absent: [Int] = []
        for index in writes.indices where outcomes[index] == nil {
            let plan = writes[index].plan
            do throws(RequestError) {
                if let change = try plan.change(of: present[plan.key]) {
                    decided.append(Decided(index: index, change: change))
                } else {
                    absent.append(index)
                }
            } catch {
                fail(index, error)
            }
        }
        let answers = try await connection.pipeline(absent.map { writes[$0].plan.elsewhere })
        for (index, found) in zip(absent, answers) {
            fail(index, try writes[index].plan.absence(found))
        }
    }

    private mutating func fail(_ index: Int, _ error: RequestError) {
        outcomes[index] = .failure(error)
        if let key = writes[index].key { released.append(key) }
    }

    // MARK: Writing

    private var records: [Query] {
        let records = decided.compactMap { writes[$0.index].plan.record(of: $0.change) }
        return records.isEmpty ? [] : [AuditWriter.statement(records)]
    }

    /// The statements that change entities, each with the collection that its rows belong to.
    ///
    /// Their number depends on the kinds, not on the writes.
    private var changes: [(rows: EntityRows, query: Query)] {
        var changes: [(rows: EntityRows, query: Query)] = []
        for collection in collections(of: decided.map { writes[$0.index].plan }) {
            let own = decided.filter { writes[$0.index].plan.isIn(collection.rows) }
            var (created, updated, deleted) = ([EntityDraft](), [EntityDraft](), [String]())
            for write in own {
                switch write.change {
                case .insert(let draft): created.append(draft)
                case .update(_, let draft): updated.append(draft)
                case .delete: deleted.append(writes[write.index].plan.key.name)
                }
            }
            let rows = collection.rows
            if !created.isEmpty { changes.append((rows, rows.insert(created))) }
            if !updated.isEmpty { changes.append((rows, rows.update(updated))) }
            if !deleted.isEmpty { changes.append((rows, rows.delete(deleted))) }
        }
        return changes
    }

    /// Each write in a savepoint, with a round trip; what the database refuses fails alone.
    private mutating func writeSeparately() async throws {
        for write in decided {
            let plan = writes[write.index].plan
            var queries = [Query(GroupTransaction.savepoint), plan.query(for: write.change)]
            if let record = plan.record(of: write.change) {
                queries.append(AuditWriter.statement(record.event, describing: record.key))
            }
            queries.append(Query(GroupTransaction.release))
            do throws(PostgresError) {
                let rows = try await connection.pipeline(queries)
                try GroupTransaction.collect(rows[1], of: plan.collection, into: &written)
            } catch {
                guard error.concernsOneWrite else { throw error }
                _ = try await connection.query(GroupTransaction.rollbackToSavepoint)
                fail(write.index, error.requestError(namespace: namespace.name, observer: observer))
            }
        }
        decided.removeAll { outcomes[$0.index] != nil }
    }

    /// Writes, reads the new head, answers and commits; without keys in one round trip.
    ///
    /// The first statement sets what the revision says; those that follow return rows of `changed`.
    private mutating func commit(
        _ writing: [Query], _ changed: [EntityRows]
    ) async throws {
        var queries = writing
        if !released.isEmpty { queries.append(IdempotencyKey.release(released, in: namespace)) }
        queries.append(Query(NamespaceRow.read, [.text(namespace.name)]))
        let headIndex = queries.count - 1
        let keyed = decided.filter { writes[$0.index].key != nil }
        if keyed.isEmpty {
            queries.append(Query(CatalogStore.commit))
            progress.isCommitting = true
        }
        let rows = try await connection.pipeline(queries)
        for (collection, answer) in zip(changed, rows.dropFirst()) {
            try GroupTransaction.collect(answer, of: collection, into: &written)
        }
        answer(try NamespaceRow.head(rows[headIndex], namespace))
        guard !keyed.isEmpty else { return try CatalogStore.checkCommitted(rows) }
        let stores = keyed.compactMap { write -> Query? in
            guard let key = writes[write.index].key else { return nil }
            switch outcomes[write.index] {
            case .success(let response): return key.store(response)
            case .failure, nil: return IdempotencyKey.release([key], in: namespace)
            }
        }
        progress.isCommitting = true
        try CatalogStore.checkCommitted(
            await connection.pipeline(stores + [Query(CatalogStore.commit)]))
    }

    private mutating func answer(_ head: NamespaceHead) {
        for write in decided {
            let row = written[writes[write.index].plan.key]
            outcomes[write.index] = GroupTransaction.outcome {
                try write.change.answer(row, head)
            }
        }
    }

    /// The revision names everybody whose write is in it.
    private var settings: Query {
        let contexts = decided.map { writes[$0.index].context }
        return CatalogStore.settings(
            actor: GroupTransaction.label(contexts.map(\.actor)),
            requestID: GroupTransaction.label(contexts.compactMap(\.requestID)))
    }
}

extension GroupTransaction {
    private static let savepoint: Statement = "SAVEPOINT one_write"
    private static let release: Statement = "RELEASE SAVEPOINT one_write"
    private static let rollbackToSavepoint: Statement = "ROLLBACK TO SAVEPOINT one_write"

    /// Different texts in their order, as far as they fit.
    static func label(_ texts: [String]) -> String {
        var seen: Set<String> = []
        let joined = texts.filter { seen.insert($0).inserted }.joined(separator: ", ")
        return String(joined.prefix(WriteLimits.revisionLabelCharacters))
    }

    /// What one write ends with; an error of the values concerns nobody else.
    private static func outcome(_ body: () throws -> WriteResponse?) -> Outcome? {
        do {
            return try body().map { .success($0) }
        } catch let error as RequestError {
            return .failure(error)
        } catch {
            return .failure(RequestError(.internalError, "the stored answer cannot be read"))
        }
    }

    private static func collect(
        _ answer: Rows, of rows: EntityRows, into entities: inout [EntityKey: WrittenEntity]
    ) throws(PostgresError) {
        for row in 0..<answer.count {
            let entity = try rows.entity(answer, row)
            entities[entity.entity.key] = entity
        }
    }

    /// The collections of some writes in the order of their first ones, each with its names.
    private func collections(
        of plans: [EntityPlan]
    ) -> [(rows: EntityRows, names: [String])] {
        var found: [(rows: EntityRows, names: [String])] = []
        for plan in plans {
            if let index = found.firstIndex(where: { plan.isIn($0.rows) }) {
                found[index].names.append(plan.key.name)
            } else {
                found.append((plan.collection, [plan.key.name]))
            }
        }
        return found
    }
}

extension EntityPlan {
    fileprivate func isIn(_ rows: EntityRows) -> Bool {
        collection.plugin == rows.plugin && collection.kind.kind == rows.kind.kind
    }
}
