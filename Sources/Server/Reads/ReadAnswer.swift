import CatalogModel
import Invalidation
import ReadPath
import Telemetry

/// What a read found, and the state that it was found in: one snapshot of the cache or the store.
struct ReadContent: Sendable {
    /// The newest change of the collection, its digest and its size.
    struct Collection: Sendable {
        let revision: Revision
        let digest: UInt64
        let entityCount: Int
    }

    /// Nil where the store does not know the namespace.
    let epoch: Epoch?
    /// The epoch's lineage, where somebody asked for another epoch.
    var lineage = Lineage.none
    let revision: Revision
    /// The namespace's digest at the revision.
    let digest: UInt64
    let collection: Collection?
    var tag: EntityTag?
    /// Nil where nothing was found.
    var body: [UInt8]?
    /// Everything committed before this instant is in it; nil where whoever asked knows.
    var asOf: ContinuousClock.Instant?
    /// The kept page that the body is of.
    var page: RenderedPage?

    init(_ stamp: CacheStamp) {
        epoch = stamp.epoch
        revision = stamp.revision
        digest = stamp.digest
        collection = Collection(
            revision: stamp.collectionRevision, digest: stamp.collectionDigest,
            entityCount: stamp.entityCount)
    }

    init(_ snapshot: CollectionSnapshot) {
        epoch = snapshot.head?.epoch
        lineage = snapshot.head?.lineage ?? .none
        revision = snapshot.head?.revision ?? .zero
        digest = snapshot.head?.digest ?? 0
        collection = snapshot.collection.map {
            Collection(revision: $0.revision, digest: $0.digest, entityCount: $0.entityCount)
        }
    }

    /// Whether it shows the content of exactly this head.
    func isAt(_ head: NamespaceHead) -> Bool {
        epoch == head.epoch && revision == head.revision && digest == head.digest
    }

    /// Whether it is as new as a head, in its history or in one that goes on from there.
    func follows(_ head: NamespaceHead) -> Bool {
        guard let epoch, epoch != head.epoch else {
            return epoch != nil && revision >= head.revision
        }
        let own = NamespaceHead(
            namespace: head.namespace, epoch: epoch, revision: revision, digest: digest,
            lineage: lineage)
        return own.goesOn(from: head.revision, of: head.epoch)
    }
}

/// Why an answer is not a plain hit; the raw value is the detail in `Cache-Status`.
enum ReadReason: String, Sendable {
    /// The feed has not proven the cache fresh for too long.
    case feedLost = "feed-lost"
    /// The cache does not hold the collection.
    case notLoaded = "not-loaded"
    /// The cache cannot be written, so that it holds nothing of the namespace.
    case cacheUnwritable = "cache-unwritable"
    /// The client asked for the store.
    case noCache = "no-cache"
    /// Caching is off.
    case disabled
    /// The cache had first to reach what the client has seen.
    case waited
    /// The cache did not reach in time what was asked for.
    case behind
    /// The cache answered after the primary said that nothing is missing.
    case verified
    /// The cache's content can be older than the client accepts.
    case tooOld = "too-old"
    /// Only `If-None-Match` asked for a revision, and the store has lost it.
    case lostTag = "lost-tag"
}

/// A read's answer with everything that its headers say about it.
struct ReadAnswer: Sendable {
    let content: ReadContent
    let outcome: CacheOutcome
    let reason: ReadReason?
    /// Everything committed before this instant is in the content.
    let asOf: ContinuousClock.Instant
    /// The counters of the namespace's cache; nil where no cache answered.
    let metrics: NamespaceMetrics?

    /// How old the content can be at the most, if it is sent now.
    var bound: Duration { max(.zero, asOf.duration(to: .now)) }

    /// The bound in whole milliseconds, rounded up.
    var boundMs: Int { Int((bound / .milliseconds(1)).rounded(.up)) }
}
