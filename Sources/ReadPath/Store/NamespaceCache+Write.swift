package import CatalogModel
import LMDB

/// The feed's side of the cache; everything here runs on the one thread that writes.
extension NamespaceCache {
    /// Empties the cache and puts it at a head; no collection is loaded afterwards.
    package func reset(to head: NamespaceHead) throws(ReadError) {
        try environment.write(throwing: ReadError.self) { transaction throws(ReadError) in
            do throws(StorageError) {
                try transaction.clear(self.meta)
                for tables in self.collections {
                    try transaction.clear(tables.entities)
                    try transaction.clear(tables.places)
                    try transaction.clear(tables.indexes)
                }
            } catch {
                throw ReadError(error)
            }
            try self.put(self.header(at: head), in: &transaction)
            try self.put(head.lineage, in: &transaction)
        }
        resume()
    }

    /// Prepares a collection for copying: whatever is there goes, readers see it as absent.
    package func beginCopy(of kind: KindTable.Entry) throws(ReadError) {
        try environment.write(throwing: ReadError.self) { transaction throws(ReadError) in
            try self.noteUnflushed(in: &transaction)
            try self.clear(kind, in: &transaction)
            let state = CollectionState(
                phase: .loading, revision: .zero, digest: 0, entityCount: 0, recordBytes: 0)
            try self.put(state, of: kind, in: &transaction)
        }
    }

    /// Adds copied rows of a collection that `beginCopy` prepared.
    package func copy(_ rows: [StoredEntity], of kind: KindTable.Entry) throws(ReadError) {
        try copy(CopyBatch(rows, of: kind))
    }

    /// The same for rows that were rendered before, on another thread.
    package func copy(_ batch: CopyBatch) throws(ReadError) {
        let kind = batch.kind
        try environment.write(throwing: ReadError.self) { transaction throws(ReadError) in
            guard var state = try self.state(of: kind, in: &transaction), state.phase == .loading
            else { throw ReadError(.outOfOrder, "the collection is not being copied") }
            try self.noteUnflushed(in: &transaction)
            try self.append(batch, &state, in: &transaction)
            try self.put(state, of: kind, in: &transaction)
        }
    }

    /// Applies a batch in one transaction and lets `installing` collections answer from then on.
    ///
    /// Returns the numbers of collections whose digest differs from the store's at that head; they
    /// are emptied in the same transaction and answer nothing. Throws `.outOfOrder` for a batch
    /// that does not join what is here.
    package func apply(
        _ batch: ChangeBatch, installing: [UInt16]
    ) throws(ReadError) -> [UInt16] {
        try environment.write(throwing: ReadError.self) { transaction throws(ReadError) in
            guard let header = try self.header(in: &transaction) else {
                throw ReadError(.outOfOrder, "the cache has no header")
            }
            let isRenamed = header.epoch != batch.head.epoch
            guard batch.after <= header.revision, batch.head.revision >= header.revision,
                !isRenamed || batch.head.goesOn(from: header.revision, of: header.epoch)
            else {
                throw ReadError(
                    .outOfOrder,
                    "batch \(batch.after)…\(batch.head.revision) on revision \(header.revision)")
            }
            var states = try self.answeringStates(installing, in: &transaction)
            for change in batch.changes {
                try self.apply(change, &states, in: &transaction)
            }
            let failed = try self.settle(states, batch, installing, in: &transaction)
            try self.put(self.header(at: batch.head), in: &transaction)
            if isRenamed { try self.put(batch.head.lineage, in: &transaction) }
            return failed
        }
    }

    /// The states of the collections that take part in a batch, by kind number.
    private func answeringStates(
        _ installing: [UInt16], in transaction: inout WriteTransaction
    ) throws(ReadError) -> [UInt16: CollectionState] {
        var states: [UInt16: CollectionState] = [:]
        for kind in kinds.entries {
            guard let state = try state(of: kind, in: &transaction) else { continue }
            if state.phase == .loaded || installing.contains(kind.number) {
                states[kind.number] = state
            }
        }
        return states
    }

    private func apply(
        _ change: Change, _ states: inout [UInt16: CollectionState],
        in transaction: inout WriteTransaction
    ) throws(ReadError) {
        let key = change.key
        guard let kind = kinds.entry(plugin: key.plugin, kind: key.kind),
            var state = states[kind.number]
        else { return }
        try remove(key, of: kind, &state, in: &transaction)
        if case .put(let entity) = change {
            try put(
                entity, CacheRecord.build(entity, kind: kind), of: kind, &state, in: &transaction)
        }
        states[kind.number] = state
    }

    /// Compares every collection with the store's word and writes the outcome.
    private func settle(
        _ states: [UInt16: CollectionState], _ batch: ChangeBatch, _ installing: [UInt16],
        in transaction: inout WriteTransaction
    ) throws(ReadError) -> [UInt16] {
        // A copy that is gone meanwhile has nothing to install.
        var failed = installing.filter { states[$0] == nil }
        for kind in kinds.entries {
            guard let state = states[kind.number] else { continue }
            let head = batch.collections.first {
                $0.plugin == kind.plugin.name && $0.kind == kind.kind.kind
            }
            guard state.digest == head?.digest ?? 0, state.entityCount == head?.entityCount ?? 0
            else {
                failed.append(kind.number)
                try clear(kind, in: &transaction)
                continue
            }
            let settled = CollectionState(
                phase: .loaded, revision: head?.revision ?? .zero, digest: state.digest,
                entityCount: state.entityCount, recordBytes: state.recordBytes)
            try put(settled, of: kind, in: &transaction)
        }
        return failed
    }

    /// Takes back the header's word that everything is on disk; every write has to.
    private func noteUnflushed(in transaction: inout WriteTransaction) throws(ReadError) {
        guard let header = try header(in: &transaction), header.clean else { return }
        let unclean = StoreHeader(
            fingerprint: header.fingerprint, epoch: header.epoch, revision: header.revision,
            digest: header.digest, bootID: bootID, clean: false)
        try put(unclean, in: &transaction)
    }

    private func header(at head: NamespaceHead) -> StoreHeader {
        StoreHeader(
            fingerprint: kinds.fingerprint, epoch: head.epoch, revision: head.revision,
            digest: head.digest, bootID: bootID, clean: false)
    }
}
