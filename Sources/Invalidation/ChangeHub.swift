package import CatalogModel
package import ReadPath
import Synchronization

/// Hands the change log to any number of followers: one read of a namespace's log serves them all.
///
/// Followers pull, so nothing is buffered for a slow one. While somebody follows a namespace its
/// newest revisions are kept in a ring, which is read on when this replica has applied something;
/// a follower who is further back reads the log itself. Nothing is handed out before this replica
/// has applied it. Callable from anywhere.
package final class ChangeHub: Sendable {
    /// What there is for a follower.
    package enum Step: Sendable {
        /// Whole revisions right after the follower's place; never empty.
        case revisions([LoggedRevision], epoch: Epoch, next: ChangeCursor)
        /// Nothing more up to the deadline; the place is nil in a namespace that does not exist.
        case caughtUp(ChangeCursor?)
        /// The follower's place is not in the store's history; this is the present head.
        case lost(NamespaceHead?)
        /// The log does not reach back to the follower's place.
        case belowFloor(NamespaceHead, floor: Revision)
        /// The replica is shutting down.
        case stopped
    }

    struct Tail {
        var ring: ChangeRing?
        /// What the ring was read along with; it is not used any more when that has ended.
        var history: CacheHistory?
        var isUnknown = false
        var followers = 0
        var idleSince: ContinuousClock.Instant?
        /// Advances with whatever a follower may want to look at.
        var version: UInt64 = 0
        var waiters: [UInt64: CheckedContinuation<Void, Never>] = [:]
    }

    struct State: ~Copyable {
        var tails: [Namespace: Tail] = [:]
        var lastWaiter: UInt64 = 0
        var isStopped = false
    }

    let source: any ChangeLog
    let replicator: Replicator
    let caches: CacheDirectory
    let state = Mutex(State())
    private let reads = SharedReads<LogPlace, LogRead>()
    private let starts: AsyncStream<Namespace>
    private let starter: AsyncStream<Namespace>.Continuation

    private struct LogPlace: Hashable {
        let namespace: Namespace
        let revision: Revision
    }

    package init(source: any ChangeLog, replicator: Replicator, caches: CacheDirectory) {
        self.source = source
        self.replicator = replicator
        self.caches = caches
        (starts, starter) = AsyncStream.makeStream()
    }

    // MARK: Followers

    /// Counts a follower of a namespace until `leave`; false where no more namespaces are followed.
    package func enter(_ namespace: Namespace) -> Bool {
        let isNew: Bool? = state.withLock { state in
            guard !state.isStopped else { return nil }
            if state.tails[namespace] != nil {
                state.tails[namespace]?.followers += 1
                return false
            }
            guard state.tails.count < FeedLimits.maxFollowedLogs else { return nil }
            var tail = Tail()
            tail.followers = 1
            state.tails[namespace] = tail
            return true
        }
        if isNew == true { starter.yield(namespace) }
        return isNew != nil
    }

    /// Ends what `enter` began.
    package func leave(_ namespace: Namespace) {
        state.withLock { state in
            guard var tail = state.tails[namespace] else { return }
            tail.followers -= 1
            if tail.followers == 0 { tail.idleSince = .now }
            state.tails[namespace] = tail
        }
    }

    /// What follows a place, waiting up to an instant for something to come; nil begins at the head.
    ///
    /// A look waits only until it is known that nothing follows what this replica has applied.
    /// Throws `.storeUnavailable` when the log has to be read and the store does not answer; returns
    /// `.caughtUp` early for a cancelled task.
    package func next(
        in namespace: Namespace, after cursor: ChangeCursor?, until end: ContinuousClock.Instant,
        limit: Int = FeedLimits.maxLogChanges, isLook: Bool = false
    ) async throws(FeedError) -> Step {
        while true {
            let (tail, version) = look(namespace)
            guard let tail else { return .stopped }
            let ring = ring(of: tail, namespace)
            if let cursor {
                switch ring?.read(after: cursor, limit: limit) ?? .elsewhere {
                case .revisions(let revisions, let next):
                    return .revisions(revisions, epoch: ring?.epoch ?? Epoch(""), next: next)
                case .atEnd(let place):
                    if isLook, bound(at: place, in: namespace) != nil { return .caughtUp(place) }
                    if Task.isCancelled || ContinuousClock.now >= end { return .caughtUp(place) }
                case .elsewhere:
                    if let step = try await readAround(namespace, cursor) { return step }
                    if Task.isCancelled || ContinuousClock.now >= end { return .caughtUp(cursor) }
                }
            } else if let ring, bound(at: ring.end, in: namespace) != nil {
                return .caughtUp(ring.end)
            } else if tail.isUnknown {
                let start = ChangeCursor(epoch: nil, revision: .zero, digest: nil)
                return .caughtUp(start)
            } else if Task.isCancelled || ContinuousClock.now >= end {
                return .caughtUp(ring?.end)
            }
            await wait(for: namespace, past: version, until: end)
        }
    }

    /// For how long something may have been committed after a place; nil when that is not known.
    package func bound(at place: ChangeCursor, in namespace: Namespace) -> Duration? {
        // Asked before the cache is looked at: what is proven later may lie behind the place.
        guard let proven = caches[namespace]?.freshness.proven,
            let applied = applied(namespace), applied.epoch == place.epoch,
            applied.revision <= place.revision
        else { return nil }
        return max(.zero, proven.duration(to: .now))
    }

    /// The ring, unless it was read of a history that has been lost since.
    private func ring(of tail: Tail, _ namespace: Namespace) -> ChangeRing? {
        tail.history?.holds(in: caches[namespace]) == true ? tail.ring : nil
    }

    /// Asks the log itself about a place that the ring does not have; nil where nothing follows.
    private func readAround(
        _ namespace: Namespace, _ cursor: ChangeCursor
    ) async throws(FeedError) -> Step? {
        let source = source
        let place = LogPlace(namespace: namespace, revision: cursor.revision)
        let read = try await reads.value(for: place) { () async throws(FeedError) in
            try await source.log(in: namespace, after: cursor.revision)
        }
        switch read {
        case .unknownNamespace:
            return cursor.revision == .zero && cursor.epoch == nil ? nil : .lost(nil)
        case .belowFloor(let head, let floor):
            if let epoch = cursor.epoch, epoch != head.epoch,
                !head.goesOn(from: cursor.revision, of: epoch)
            {
                return .lost(head)
            }
            return .belowFloor(head, floor: floor)
        case .page(let whole):
            guard whole.continues(cursor) else {
                // A read that was shared may be older than the place: asked again before it is lost.
                let read = try await source.log(in: namespace, after: cursor.revision)
                if case .page(let page) = read, page.continues(cursor) { return nil }
                return .lost(whole.head)
            }
            guard let applied = applied(namespace), applied.epoch == whole.head.epoch else {
                return nil
            }
            let page = whole.clipped(through: applied.revision)
            guard let last = page.revisions.last else { return nil }
            let next = ChangeCursor(
                epoch: page.head.epoch, revision: last.revision, digest: last.digest)
            return .revisions(page.revisions, epoch: page.head.epoch, next: next)
        }
    }

    /// The head that this replica's cache is at.
    func applied(_ namespace: Namespace) -> NamespaceHead? {
        try? caches[namespace]?.head()
    }

    private func look(_ namespace: Namespace) -> (tail: Tail?, version: UInt64) {
        state.withLock { state in
            guard !state.isStopped, let tail = state.tails[namespace] else { return (nil, 0) }
            return (tail, tail.version)
        }
    }

    /// Whether the replica is shutting down.
    package var isStopped: Bool { state.withLock { $0.isStopped } }

    // MARK: Running

    /// Reads on the logs that somebody follows, until `stop`.
    package func run() async {
        await withDiscardingTaskGroup { group in
            for await namespace in starts {
                group.addTask { await self.follow(namespace) }
            }
            group.cancelAll()
        }
    }

    /// Ends `run`; every follower gets `.stopped`.
    package func stop() {
        let woken = state.withLock { state in
            state.isStopped = true
            let woken = state.tails.values.flatMap { $0.waiters.values }
            state.tails = [:]
            return woken
        }
        for waiter in woken { waiter.resume() }
        starter.finish()
    }
}
