import CatalogModel

/// A write on its way to a transaction: checked, and not yet decided.
struct GroupMember: Sendable {
    enum Plan: Sendable {
        /// A write to one entity, which may share its transaction.
        case entity(EntityPlan)
        /// A bulk write shares among its own items and has a transaction for itself.
        case bulk(BulkPlan)
    }

    let plan: Plan
    let key: IdempotencyKey?
    let context: WriteContext

    /// How a write ends: its answer, or what its client is told instead.
    typealias Outcome = Result<WriteResponse, RequestError>

    /// What the queue must know.
    func entry(
        _ id: UInt64, arrived: ContinuousClock.Instant
    ) -> WriteQueue<UInt64>.Entry {
        var keys: Set<String> = []
        if let key { keys.insert("key\0\(key.key)") }
        switch plan {
        case .bulk:
            return .init(id: id, keys: keys, bytes: 0, isAlone: true, arrived: arrived)
        case .entity(let plan):
            let key = plan.key
            keys.insert("entity\0\(key.plugin)\0\(key.kind)\0\(key.name)")
            return .init(
                id: id, keys: keys, bytes: plan.bytes, isAlone: false, arrived: arrived)
        }
    }
}
