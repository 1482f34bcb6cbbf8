import CatalogModel
import Postgres

extension CatalogStore {
    /// Runs the writes of a group, which are of one namespace, and tells how each ended.
    ///
    /// First all writes go out in a few statements, without savepoints: after the decisions hardly
    /// anything can fail. If the database refuses something all the same, the group runs again with
    /// a savepoint for each write, so that only the refused one fails.
    func writeGroup(_ members: [GroupMember]) async -> [GroupMember.Outcome] {
        let writes = members.compactMap(GroupWrite.init)
        guard writes.count > 1, writes.count == members.count else {
            var outcomes: [GroupMember.Outcome] = []
            for member in members { outcomes.append(await outcome(ofAlone: member)) }
            return outcomes
        }
        do throws(RequestError) {
            if let outcomes = try await write(writes, isSeparate: false) { return outcomes }
            if let outcomes = try await write(writes, isSeparate: true) { return outcomes }
            throw RequestError(.internalError, "the database refused the request")
        } catch {
            return members.map { _ in .failure(error) }
        }
    }

    private func outcome(ofAlone member: GroupMember) async -> GroupMember.Outcome {
        do throws(RequestError) {
            return .success(try await writeAlone(member))
        } catch {
            return .failure(error)
        }
    }

    /// Runs the group; nil if the database refuses one of its writes and it is not known which.
    private func write(
        _ writes: [GroupWrite], isSeparate: Bool
    ) async throws(RequestError) -> [GroupMember.Outcome]? {
        let namespace = writes[0].context.namespace
        return try await transacting(namespace) {
            connection, progress -> [GroupMember.Outcome]? in
            do {
                var transaction = GroupTransaction(
                    writes, in: namespace, isSeparate: isSeparate, on: connection, progress,
                    observer: observer)
                return try await transaction.run()
            } catch let error as PostgresError where error.concernsOneWrite && !isSeparate {
                _ = try await connection.query(CatalogStore.rollback)
                return nil
            }
        }
    }
}

/// A write to one entity that shares its transaction.
struct GroupWrite: Sendable {
    let plan: EntityPlan
    let key: IdempotencyKey?
    let context: WriteContext

    /// Takes a member; nil for one that needs a transaction of its own.
    init?(_ member: GroupMember) {
        guard case .entity(let plan) = member.plan else { return nil }
        self.plan = plan
        key = member.key
        context = member.context
    }
}

extension PostgresError {
    /// Whether the database refused a value or a row, so that other writes may do better.
    var concernsOneWrite: Bool {
        guard sqlState != nil, !endsSession, !isOutage else { return false }
        return sqlState == "23505" || !allowsRetry
    }
}
