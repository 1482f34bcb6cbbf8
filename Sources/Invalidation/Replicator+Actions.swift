package import CatalogModel
import ReadPath
import Telemetry

/// Carrying out what the machine decided.
extension Replicator {
    /// The primary told `head` to a query that began when a cache was at `seen`; what they say
    /// against each other takes the cache out of service before this returns.
    package func compare(_ seen: NamespaceHead, with head: NamespaceHead) {
        schedule(machine.contradicted(seen, by: head))
    }

    func performRead(_ action: FeedMachine.Action) async {
        switch action {
        case .readRange(let namespace, let after, let ticket):
            await readRange(namespace, after: after, ticket)
        case .rebuild(let namespace, let reason, let ticket):
            await rebuild(namespace, reason, ticket)
        case .copy, .apply, .forget:
            preconditionFailure("not a read")
        }
    }

    private func readRange(
        _ namespace: Namespace, after: Revision, _ ticket: FeedMachine.Ticket
    ) async {
        let asOf = ContinuousClock.now
        do throws(FeedError) {
            switch try await feed.changes(in: namespace, after: after) {
            case .batch(let batch):
                let next = machine.rangeRead(
                    batch.head, ticket: ticket, isComplete: true, asOf: asOf - batch.behind)
                for action in next {
                    if case .apply(_, let installing) = action {
                        apply(batch, installing: installing)
                    } else {
                        schedule([action])
                    }
                }
                publish(namespace)
            case .tooFar(let head):
                schedule(
                    machine.rangeRead(head, ticket: ticket, isComplete: false, asOf: asOf))
            case .unknownNamespace:
                guard machine.isReading(namespace, ticket: ticket) else { return }
                schedule(machine.vanished(namespace))
            }
        } catch {
            noteStore(isUp: error.code != .storeUnavailable, reason: error.description)
            schedule(machine.rangeFailed(namespace, ticket: ticket))
        }
    }

    /// One LMDB transaction; nothing of the batch is visible before all of it is.
    private func apply(_ batch: ChangeBatch, installing: [UInt16]) {
        let namespace = batch.head.namespace
        let began = ContinuousClock.now
        do throws(ReadError) {
            guard let cache = caches[namespace] else {
                throw ReadError(.damaged, "the namespace is not open")
            }
            let failed = try cache.apply(batch, installing: installing)
            failedApplies[namespace] = nil
            reportGrowth(cache)
            let installed = installing.filter { !failed.contains($0) }
            let next = machine.applied(batch.head, installed: installed, failed: failed)
            cache.freshness.noteApplied(batch.head.revision)
            publish(namespace)
            reached(batch.head)
            report(batch, installing: installing, failed: failed, since: began)
            schedule(next)
            noteReady()
        } catch {
            applyFailed(namespace, error)
        }
    }

    private func report(
        _ batch: ChangeBatch, installing: [UInt16], failed: [UInt16],
        since began: ContinuousClock.Instant
    ) {
        let namespace = batch.head.namespace
        observer.observe(
            .batchApplied(
                namespace: namespace.name, from: batch.after.value,
                through: batch.head.revision.value, changes: batch.changes.count,
                duration: began.duration(to: .now)))
        for kind in failed {
            let head = collectionHead(kind, in: batch)
            observer.observe(
                .digestMismatch(
                    namespace: namespace.name, revision: batch.head.revision.value,
                    expected: Int64(bitPattern: head?.digest ?? 0), actual: 0))
            if installing.contains(kind) {
                copyStarts[Demand(namespace: namespace, kind: kind)] = nil
                reportFailedLoad(
                    Demand(namespace: namespace, kind: kind),
                    reason: "the copied rows are not those that the store counts")
            }
        }
        for kind in installing where !failed.contains(kind) {
            let demand = Demand(namespace: namespace, kind: kind)
            settle(demand)
            unwritable.recover(namespace)
            let entry = caches.kinds.entries[Int(kind)]
            observer.observe(
                .collectionLoaded(
                    namespace: namespace.name, plugin: entry.plugin.name, kind: entry.kind.kind,
                    entities: collectionHead(kind, in: batch)?.entityCount ?? 0,
                    duration: copyStarts.removeValue(forKey: demand)?.duration(to: .now) ?? .zero))
        }
    }

    private func collectionHead(_ kind: UInt16, in batch: ChangeBatch) -> CollectionHead? {
        let entry = caches.kinds.entries[Int(kind)]
        return batch.collections.first {
            $0.plugin == entry.plugin.name && $0.kind == entry.kind.kind
        }
    }

    private func rebuild(
        _ namespace: Namespace, _ reason: FeedMachine.RebuildReason, _ ticket: FeedMachine.Ticket
    ) async {
        let began = ContinuousClock.now
        do {
            let read = try await feed.readHead(of: namespace)
            guard machine.isRebuilding(namespace, ticket: ticket) else { return }
            guard let (head, asOf) = read else { return schedule(machine.vanished(namespace)) }
            observer.observe(.rebuild(namespace: namespace.name, reason: reason.rawValue))
            let demanded = (try? caches[namespace]?.loadedKinds()) ?? []
            try renew(to: head)
            caches[namespace]?.freshness.noteApplied(head.revision)
            let next = machine.rebuilt(head, ticket: ticket, demanded: demanded, asOf: asOf)
            publish(namespace)
            reached(head)
            schedule(next)
            observer.observe(
                .rebuilt(
                    namespace: namespace.name, entities: 0, duration: began.duration(to: .now)))
            noteReady()
        } catch {
            if let error = error as? FeedError {
                noteStore(isUp: error.code != .storeUnavailable, reason: error.description)
            } else if let error = error as? ReadError {
                return setAside(namespace, error)
            }
            schedule(machine.rebuildFailed(namespace, ticket: ticket))
        }
    }

    /// Empties the cache; files that cannot even be emptied are replaced.
    private func renew(to head: NamespaceHead) throws(ReadError) {
        if let cache = caches[head.namespace] {
            do throws(ReadError) {
                return try cache.reset(to: head)
            } catch {
                try caches.discard(head.namespace)
            }
        }
        _ = try caches.create(at: head)
    }

    func forget(_ namespace: Namespace) {
        do throws(ReadError) {
            try caches.discard(namespace)
        } catch {
            observer.observe(
                .cacheUnwritable(namespace: namespace.name, reason: error.description))
        }
        left(namespace)
        failedApplies[namespace] = nil
        oldReaders.remove(namespace)
        settleDemands(in: namespace)
    }

    /// Copies a collection's rows behind the readers' backs; the next batch makes them visible.
    func copy(_ kind: UInt16, in namespace: Namespace, _ ticket: FeedMachine.Ticket) async {
        defer { renderedParts[ticket] = nil }
        let entry = caches.kinds.entries[Int(kind)]
        let demand = Demand(namespace: namespace, kind: kind)
        do {
            try requireCopying(demand, ticket)
            guard let cache = caches[namespace] else {
                throw FeedError(.cache, "the namespace is not open")
            }
            copyStarts[demand] = .now
            try cache.beginCopy(of: entry)
            let name = CollectionName(plugin: entry.plugin.name, kind: entry.kind.kind)
            let snapshot = try await feed.copy(name, in: namespace) { rows throws(FeedError) in
                try await self.store(rows, entry, of: demand, ticket, in: cache)
            }
            try storeRendered(of: demand, ticket, in: cache)
            try requireCopying(demand, ticket)
            guard let head = snapshot.head else {
                throw FeedError(.cache, "the namespace is gone")
            }
            schedule(
                machine.copied(
                    namespace, kind: kind, ticket: ticket, at: head.revision, epoch: head.epoch))
        } catch {
            // A copy that another one has replaced is nobody's failure.
            guard machine.isCopying(namespace, kind: kind, ticket: ticket) else { return }
            copyStarts[demand] = nil
            copyFailed(demand, ticket, error)
        }
    }

    private func copyFailed(_ demand: Demand, _ ticket: FeedMachine.Ticket, _ error: any Error) {
        let namespace = demand.namespace
        let cause = error as? ReadError ?? (error as? FeedError)?.cause
        if let cause, cause.isUnwritable { return setAside(namespace, cause) }
        schedule(machine.copyFailed(namespace, kind: demand.kind, ticket: ticket))
        let entry = caches.kinds.entries[Int(demand.kind)]
        var pause = FeedLimits.uncacheablePause
        switch (error as? FeedError)?.code {
        case .uncacheable:
            observer.observe(
                .entityBypassed(
                    namespace: namespace.name, plugin: entry.plugin.name, kind: entry.kind.kind,
                    reason: "\(error)"))
        case .overBudget:
            observer.observe(
                .collectionOverBudget(
                    namespace: namespace.name, plugin: entry.plugin.name, kind: entry.kind.kind,
                    bytes: caches[namespace]?.usedBytes ?? 0))
            // Pages of the part that was copied come back only with the files.
            evict(namespace)
        default:
            pause = FeedLimits.reloadPause
        }
        reportFailedLoad(demand, reason: "\(error)", pause: pause)
    }

    private func requireCopying(
        _ demand: Demand, _ ticket: FeedMachine.Ticket
    ) throws(FeedError) {
        let isCopying = machine.isCopying(demand.namespace, kind: demand.kind, ticket: ticket)
        guard isCopying else { throw FeedError(.stopped, "another copy has replaced this one") }
    }

    /// Renders rows part by part, and writes each part while the next one is rendered.
    ///
    /// Rendering goes on away from this thread, for which every other namespace waits. The last part
    /// is written when the next rows come, or at the end of the copy.
    private func store(
        _ rows: [StoredEntity], _ entry: KindTable.Entry, of demand: Demand,
        _ ticket: FeedMachine.Ticket, in cache: NamespaceCache
    ) async throws(FeedError) {
        for slice in CopyBatch.slices(rows) {
            async let next = Self.rendered(slice, entry)
            try storeRendered(of: demand, ticket, in: cache)
            renderedParts[ticket] = await next
        }
    }

    @concurrent private static func rendered(
        _ rows: ArraySlice<StoredEntity>, _ entry: KindTable.Entry
    ) async -> CopyBatch {
        CopyBatch(rows, of: entry)
    }

    private func storeRendered(
        of demand: Demand, _ ticket: FeedMachine.Ticket, in cache: NamespaceCache
    ) throws(FeedError) {
        guard let batch = renderedParts.removeValue(forKey: ticket) else { return }
        try requireCopying(demand, ticket)
        do throws(ReadError) {
            try cache.copy(batch)
        } catch {
            throw FeedError(error)
        }
        reportGrowth(cache)
        guard makeRoom(opening: false, sparing: demand.namespace) else {
            // Told at once: the upkeep would find the namespace over the budget as well.
            let error = FeedError(.overBudget, "the collection does not fit into the budget")
            copyStarts[demand] = nil
            copyFailed(demand, ticket, error)
            throw error
        }
    }
}
