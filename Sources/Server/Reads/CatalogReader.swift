import CatalogModel
import Invalidation
import ReadPath
import Synchronization
import Telemetry

/// Answers gets and lists: from the namespace's cache, else from the store while the cache loads.
struct CatalogReader: Sendable {
    let caches: CacheDirectory
    let replicator: Replicator
    let store: PostgresFeed
    let sources: SourceDirectory
    /// Off: every read goes to the store.
    let isCacheEnabled: Bool
    /// Beyond this bound an answer of the cache is labelled stale.
    let stalenessLimit: Duration

    /// One entity; the body is nil when there is none.
    func entity(
        _ kind: KindTable.Entry, named name: String, source: String?, in namespace: Namespace,
        bypass: Bool
    ) async throws -> ReadAnswer {
        let precedence = sources.precedence
        if let cache = usable(namespace, bypass), let bound = cache.freshness.bound() {
            let read = try cache.entity(
                named: name, source: source, of: kind, precedence: precedence)
            if case .hit(let entity, let stamp) = read {
                return answer(stamp, bound) { answer in
                    answer.body = entity?.body
                    answer.tag = entity.map { EntityTag(revision: $0.revision, digest: $0.digest) }
                }
            }
        }
        let asked = ContinuousClock.now
        let (head, rows) = try await store.entities(
            named: name, of: Self.name(of: kind), in: namespace)
        let entity = try RowGet.answer(
            named: name, source: source, of: kind, precedence: precedence, rows: rows)
        var answer = missed(kind, namespace, bypass, head: head, asked: asked)
        answer.body = entity?.body
        answer.tag = entity.map { EntityTag(revision: $0.revision, digest: $0.digest) }
        return answer
    }

    /// One page of a list in the envelope of its convention.
    func list(
        _ query: ListQuery, in namespace: Namespace, bypass: Bool
    ) async throws -> ReadAnswer {
        let convention = query.kind.kind.convention
        if let cache = usable(namespace, bypass), let bound = cache.freshness.bound() {
            if case .hit(let page, let stamp) = try cache.list(query) {
                return answer(stamp, bound) { answer in
                    answer.body = page.rendered(pageSize: query.pageSize, convention: convention)
                    answer.tag = EntityTag(
                        revision: stamp.collectionRevision, digest: stamp.collectionDigest)
                }
            }
        }
        let asked = ContinuousClock.now
        let list = Mutex(RowList(query))
        let snapshot = try await store.copy(Self.name(of: query.kind), in: namespace) {
            rows throws(FeedError) in
            do throws(ReadError) {
                try list.withLock { list throws(ReadError) in try list.add(rows) }
            } catch {
                throw FeedError(error)
            }
        }
        var answer = missed(query.kind, namespace, bypass, head: snapshot.head, asked: asked)
        answer.body = list.withLock { $0.page() }
            .rendered(pageSize: query.pageSize, convention: convention)
        answer.tag = EntityTag(
            revision: snapshot.collection?.revision ?? .zero,
            digest: snapshot.collection?.digest ?? 0)
        return answer
    }

    private func usable(_ namespace: Namespace, _ bypass: Bool) -> NamespaceCache? {
        isCacheEnabled && !bypass ? caches[namespace] : nil
    }

    private func answer(
        _ stamp: CacheStamp, _ bound: Duration, _ fill: (inout ReadAnswer) -> Void
    ) -> ReadAnswer {
        let isStale = bound > stalenessLimit
        var answer = ReadAnswer(
            outcome: isStale ? .stale : .hit, detail: isStale ? "feed-lost" : nil,
            revision: stamp.revision, bound: bound)
        fill(&answer)
        return answer
    }

    /// The answer of the store; loads the collection unless the client asked to go around.
    private func missed(
        _ kind: KindTable.Entry, _ namespace: Namespace, _ bypass: Bool, head: NamespaceHead?,
        asked: ContinuousClock.Instant
    ) -> ReadAnswer {
        let skipsCache = bypass || !isCacheEnabled
        if !skipsCache, head != nil { replicator.demand(kind.number, in: namespace) }
        let detail = bypass ? "no-cache" : isCacheEnabled ? "not-loaded" : "disabled"
        return ReadAnswer(
            outcome: skipsCache ? .bypass : .miss, detail: detail,
            revision: head?.revision ?? .zero, bound: asked.duration(to: .now))
    }

    private static func name(of kind: KindTable.Entry) -> CollectionName {
        CollectionName(plugin: kind.plugin.name, kind: kind.kind.kind)
    }
}

/// A read's answer with everything that its headers say about it.
struct ReadAnswer: Sendable {
    let outcome: CacheOutcome
    /// Why it is not a plain hit, as `Cache-Status` says it.
    let detail: String?
    /// The namespace's revision that the answer shows.
    let revision: Revision
    /// How old the answer can be at the most.
    let bound: Duration
    var tag: EntityTag?
    /// Nil where nothing was found.
    var body: [UInt8]?

    init(outcome: CacheOutcome, detail: String?, revision: Revision, bound: Duration) {
        self.outcome = outcome
        self.detail = detail
        self.revision = revision
        self.bound = bound
    }
}
