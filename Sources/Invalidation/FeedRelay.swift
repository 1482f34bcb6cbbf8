package import CatalogModel
package import ReadPath
import Synchronization

/// What this replica tells the replicas that it feeds.
///
/// Heads are those of its caches, each with the age that is proven for it; ranges and pages of the
/// log are read once for all who ask, copies are handed through. Callable from anywhere.
package final class FeedRelay: Sendable {
    private struct RangePlace: Hashable {
        let namespace: Namespace
        let after: Revision
        /// A read that began before this was applied would not do for who heard of it.
        let applied: Revision?
    }

    private struct Kept<Value: Sendable>: Sendable {
        let value: Value
        let asOf: ContinuousClock.Instant
    }

    /// A range with how old it was when it was told.
    package struct Range: Sendable {
        package let read: RangeRead
        package let behind: Duration
    }

    package let replicator: Replicator
    package let feed: any ChangeFeed
    private let log: any ChangeLog
    private let caches: CacheDirectory
    /// The replicas that this one is fed by, nearest first; nil while that is not known.
    private let upstreams: @Sendable () -> [String]?
    private let name: String
    private let ranges = SharedReads<RangePlace, Kept<RangeRead>>()
    private let keptRanges = Mutex<[RangePlace: Kept<RangeRead>]>([:])
    private let pages = SharedReads<RangePlace, LogRead>()

    package init(
        name: String, feed: any ChangeFeed, log: any ChangeLog, replicator: Replicator,
        caches: CacheDirectory, upstreams: @escaping @Sendable () -> [String]?
    ) {
        self.name = name
        self.feed = feed
        self.log = log
        self.replicator = replicator
        self.caches = caches
        self.upstreams = upstreams
    }

    /// This replica and those that it is fed by: who is among them must not be fed by it.
    package var via: [String] { [name] + (upstreams() ?? []) }

    /// Throws `.storeUnavailable` unless what this replica knows comes from the store.
    package func requireSource() throws(FeedError) {
        if let problem = replicator.storeProblem { throw FeedError(.storeUnavailable, problem) }
        guard upstreams() != nil else {
            throw FeedError(.storeUnavailable, "the upstream has not answered yet")
        }
    }

    /// The heads of this replica's caches; opens caches of namespaces that it does not hold.
    package func heads(of namespaces: [Namespace]) async throws(FeedError) -> HeadsRead {
        try requireSource()
        var heads: [NamespaceHead] = []
        var behind: [Namespace: Duration] = [:]
        var pending: Set<Namespace> = []
        var openings = 0
        for namespace in namespaces {
            var found = head(of: namespace)
            if found == nil, openings < FeedLimits.maxRelayOpenings {
                openings += 1
                guard try await replicator.attach(namespace) else { continue }
                found = head(of: namespace)
            }
            guard let found else {
                pending.insert(namespace)
                continue
            }
            caches[namespace]?.touch()
            heads.append(found.head)
            behind[namespace] = max(.zero, found.asOf.duration(to: .now))
        }
        return HeadsRead(heads: heads, behind: behind, pending: pending)
    }

    /// The head of a cache; what was proven before it was looked at holds for it.
    private func head(
        of namespace: Namespace
    ) -> (head: NamespaceHead, asOf: ContinuousClock.Instant)? {
        guard let cache = caches[namespace], let asOf = cache.freshness.proven,
            let head = try? cache.head()
        else { return nil }
        return (head, asOf)
    }

    /// A range of this replica's feed, read once while it is at the same head.
    package func changes(
        in namespace: Namespace, after revision: Revision
    ) async throws(FeedError) -> Range {
        try requireSource()
        let own = head(of: namespace)
        let place = RangePlace(namespace: namespace, after: revision, applied: own?.head.revision)
        if let own, let kept = keptRanges.withLock({ $0[place] }),
            case .batch(let batch) = kept.value, batch.head == own.head
        {
            let asOf = max(kept.asOf, own.asOf)
            return Range(read: kept.value, behind: max(.zero, asOf.duration(to: .now)))
        }
        let feed = feed
        let kept = try await ranges.value(for: place) { () async throws(FeedError) in
            let asked = ContinuousClock.now
            let read = try await feed.changes(in: namespace, after: revision)
            var asOf = asked
            if case .batch(let batch) = read { asOf -= batch.behind }
            return Kept(value: read, asOf: asOf)
        }
        keep(kept, at: place)
        return Range(read: kept.value, behind: max(.zero, kept.asOf.duration(to: .now)))
    }

    private func keep(_ kept: Kept<RangeRead>, at place: RangePlace) {
        guard case .batch(let batch) = kept.value,
            batch.changes.count <= FeedLimits.maxKeptRangeChanges,
            batch.documentBytes <= FeedLimits.maxKeptRangeBytes
        else { return }
        keptRanges.withLock { ranges in
            if ranges.count >= FeedLimits.maxKeptRanges { ranges.removeAll() }
            ranges[place] = kept
        }
    }

    /// A page of the log as this replica's feed has it.
    package func page(
        in namespace: Namespace, after revision: Revision
    ) async throws(FeedError) -> LogRead {
        try requireSource()
        let log = log
        let place = RangePlace(
            namespace: namespace, after: revision, applied: head(of: namespace)?.head.revision)
        return try await pages.value(for: place) { () async throws(FeedError) in
            try await log.log(in: namespace, after: revision)
        }
    }
}
