import CatalogModel
import Invalidation
import NIOPosix
import ReadPath
import Synchronization

/// Compares what this replica has cached of a namespace with what the store has.
///
/// First every byte that could be served is checked against the digests of its collections, on a
/// thread that may take its time; then the digests are compared with those of the store at the same
/// revision. A cache that is found wrong answers nothing from then on, and is loaded again.
struct CacheComparison: Sendable {
    let caches: CacheDirectory
    let replicator: Replicator
    let store: any ChangeFeed
    private let gate = CheckGate()

    init(caches: CacheDirectory, replicator: Replicator, store: any ChangeFeed) {
        self.caches = caches
        self.replicator = replicator
        self.store = store
    }

    /// What a comparison has found.
    enum Finding: Sendable {
        /// The replica holds nothing of the namespace: every read goes to the store.
        case absent
        case compared(CacheContents, [Pair])
        /// Bytes of the cache are not what was written.
        case damaged(String)
    }

    /// One collection as the cache and as the store have it.
    struct Pair: Sendable {
        let cached: CollectionHead
        /// Nil where the store has never held an entity of it.
        let stored: CollectionHead?

        var isEqual: Bool {
            cached.digest == stored?.digest ?? 0 && cached.entityCount == stored?.entityCount ?? 0
        }

        /// Whether both speak of the same revision.
        var isComparable: Bool { cached.revision == stored?.revision ?? .zero }
    }

    /// Runs one comparison; about a microsecond and a half for each entity that is cached.
    ///
    /// Throws `.tooManyRequests` while another one runs, `.unavailable` where the cache does not come
    /// to the store's revision, and what the feed throws where the store cannot be asked.
    func compare(_ namespace: Namespace) async throws -> Finding {
        guard gate.enter() else {
            throw RequestError(
                .tooManyRequests, "a cache is being verified; try again later",
                details: ["retryAfter": "1"])
        }
        defer { gate.leave() }
        guard let cache = caches[namespace] else { return .absent }
        do {
            guard try cache.contents() != nil else { return .absent }
            try await NIOThreadPool.singleton.runIfActive { try cache.verify() }
            let finding = try await compare(cache)
            if case .compared(_, let pairs) = finding,
                let pair = pairs.first(where: { !$0.isEqual })
            {
                let reason = "\(pair.cached.plugin) \(pair.cached.kind): other digest in the store"
                replicator.reportDamage(of: cache, ReadError(.damaged, reason))
            }
            return finding
        } catch let error as ReadError {
            // It may have been closed meanwhile, to make room.
            guard error.code == .damaged else { return .absent }
            replicator.reportDamage(of: cache, error)
            return .damaged(error.message)
        }
    }

    /// Compares the digests once both sides speak of one revision.
    private func compare(_ cache: NamespaceCache) async throws -> Finding {
        let namespace = cache.namespace
        let end = ContinuousClock.now + ServerLimits.cacheComparisonTime
        repeat {
            guard let contents = try cache.contents() else { return .absent }
            switch try await store.changes(in: namespace, after: contents.revision) {
            case .batch(let batch):
                let pairs = Self.pairs(contents, batch.collections)
                let isSame =
                    batch.head.revision == contents.revision || pairs.allSatisfy(\.isComparable)
                if batch.head.epoch == contents.epoch, isSame {
                    return .compared(contents, pairs)
                }
                _ = await replicator.waiter.wait(
                    for: batch.head.revision, in: namespace, history: batch.head.epoch.prefix,
                    timeout: ServerLimits.revisionWait)
            case .tooFar(let head):
                _ = await replicator.waiter.wait(
                    for: head.revision, in: namespace, history: head.epoch.prefix,
                    timeout: ServerLimits.revisionWait)
            case .unknownNamespace:
                // The feed finds that out by itself.
                try await Task.sleep(for: ServerLimits.feedWait)
            }
        } while ContinuousClock.now < end
        throw RequestError.unavailable(
            "the cache did not come to the revision of the store in time; try again later")
    }

    private static func pairs(
        _ contents: CacheContents, _ stored: [CollectionHead]
    ) -> [Pair] {
        contents.collections.map { cached in
            Pair(
                cached: cached,
                stored: stored.first { $0.plugin == cached.plugin && $0.kind == cached.kind })
        }
    }
}

/// Lets one in at a time; the others are told at once that they are not.
private final class CheckGate: Sendable {
    private let isTaken = Atomic<Bool>(false)

    func enter() -> Bool {
        isTaken.compareExchange(expected: false, desired: true, ordering: .acquiringAndReleasing)
            .exchanged
    }

    func leave() { isTaken.store(false, ordering: .releasing) }
}
