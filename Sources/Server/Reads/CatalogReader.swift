import CatalogModel
import Invalidation
import ReadPath
import Synchronization
import Telemetry

/// Answers gets and lists: from the namespace's cache, else from the store while the cache loads.
///
/// `CatalogReader+Consistency.swift` holds what a request may ask for beyond that.
struct CatalogReader: Sendable {
    let caches: CacheDirectory
    let replicator: Replicator
    let store: PostgresFeed
    let primary: PrimaryHeads
    let sources: SourceDirectory
    /// Off: every read goes to the store.
    let isCacheEnabled: Bool
    let policy: DegradedPolicy
    let coldLists = ColdLists(limit: ServerLimits.maxColdScans)

    /// What a read is about, whatever it looks for.
    struct Target: Sendable {
        let kind: KindTable.Entry
        let namespace: Namespace
        var demand: ReadDemand
    }

    /// Looks into a cache; nil when it does not hold the collection.
    typealias CacheLookup = (NamespaceCache) throws -> ReadContent?
    /// Asks the store in one snapshot.
    typealias StoreLookup = () async throws -> ReadContent

    /// One entity; the body is nil when there is none.
    func entity(
        _ kind: KindTable.Entry, named name: String, source: String?, in namespace: Namespace,
        _ demand: ReadDemand
    ) async throws -> ReadAnswer {
        let precedence = sources.precedence
        func content(_ content: ReadContent, _ entity: EntityAnswer?) -> ReadContent {
            var content = content
            content.body = entity?.body
            content.tag = entity.map { EntityTag(revision: $0.revision, digest: $0.digest) }
            return content
        }
        return try await answer(Target(kind: kind, namespace: namespace, demand: demand)) { cache in
            let read = try cache.entity(
                named: name, source: source, of: kind, precedence: precedence)
            guard case .hit(let entity, let stamp) = read else { return nil }
            return content(ReadContent(stamp), entity)
        } fromStore: {
            let (snapshot, rows) = try await store.entities(
                named: name, of: Self.name(of: kind), in: namespace)
            let entity = try RowGet.answer(
                named: name, source: source, of: kind, precedence: precedence, rows: rows)
            return content(ReadContent(snapshot), entity)
        }
    }

    /// One page of a list in the envelope of its convention.
    ///
    /// `target` is the path and query as sent, where their meaning cannot change.
    func list(
        _ query: ListQuery, in namespace: Namespace, _ demand: ReadDemand, target: [UInt8]? = nil
    ) async throws -> ReadAnswer {
        func content(_ content: ReadContent, _ body: [UInt8]) -> ReadContent {
            var content = content
            content.body = body
            content.tag = EntityTag(
                revision: content.collection?.revision ?? .zero,
                digest: content.collection?.digest ?? 0)
            return content
        }
        let subject = Target(kind: query.kind, namespace: namespace, demand: demand)
        return try await answer(subject) { cache in
            do throws(ReadError) {
                guard case .hit(let page, let stamp) = try cache.renderedPage(query, target: target)
                else { return nil }
                var content = content(ReadContent(stamp), page.body)
                content.page = page
                return content
            } catch {
                throw error.code == .tooBroad ? Self.tooBroad(query) : error
            }
        } fromStore: {
            // Who asks for nothing special may have what was asked for a moment ago.
            guard demand == ReadDemand() else {
                let (snapshot, body) = try await scan(query, in: namespace)
                return content(ReadContent(snapshot), body)
            }
            return try await coldLists.content(of: "\(namespace.name) \(query.pageKey)") {
                let (snapshot, body) = try await scan(query, in: namespace)
                return content(ReadContent(snapshot), body)
            }
        }
    }

    /// Picks one page out of all rows of the collection, in one snapshot of the store.
    private func scan(
        _ query: ListQuery, in namespace: Namespace
    ) async throws -> (CollectionSnapshot, [UInt8]) {
        let list = Mutex(RowList(query))
        let snapshot = try await store.scan(Self.name(of: query.kind), in: namespace) {
            rows throws(FeedError) in
            do throws(ReadError) {
                try list.withLock { list throws(ReadError) in try list.add(rows) }
            } catch {
                throw FeedError(error)
            }
        }
        let page = list.withLock { $0.page() }
        let convention = query.kind.kind.convention
        return (snapshot, page.rendered(pageSize: query.pageSize, convention: convention))
    }

    /// Tells the client by which fields the list can be narrowed.
    private static func tooBroad(_ query: ListQuery) -> any Error {
        RequestError(
            .queryTooBroad,
            "the query would look at more than \(query.scanLimit) entities; add a condition on "
                + "an indexed field (=, IN, <, >, LIKE 'text%') that fewer entities meet",
            details: [
                "limit": String(query.scanLimit),
                "indexedFields": query.kind.indexedNames.joined(separator: ", "),
            ])
    }

    /// Meets the demand of the request, but for the tag of a lost history in `If-None-Match`.
    func answer(
        _ target: Target, fromCache: CacheLookup, fromStore: StoreLookup
    ) async throws -> ReadAnswer {
        do {
            return try await demanded(target, fromCache: fromCache, fromStore: fromStore)
        } catch let error as RequestError where target.demand.isRevalidation && error.isLost {
            // The cache may not know yet what the primary has just told.
            var target = target
            target.demand = target.demand.withoutMinimum
            return try await stored(target, .lostTag, fromStore)
        }
    }

    private func demanded(
        _ target: Target, fromCache: CacheLookup, fromStore: StoreLookup
    ) async throws -> ReadAnswer {
        let demand = target.demand
        if demand.isStrong {
            return try await strong(target, fromCache: fromCache, fromStore: fromStore)
        }
        guard isCacheEnabled, !demand.bypassesCache else {
            return try await stored(target, around, fromStore)
        }
        guard var found = try look(target, fromCache) else {
            return try await stored(target, .notLoaded, fromStore)
        }
        var reason: ReadReason?
        if !demand.isMet(by: found.content) {
            guard let later = try await waiting(found, target, fromCache) else {
                return try await stored(target, .behind, fromStore)
            }
            (found, reason) = (later, .waited)
        }
        if let excess = excess(of: found, target) {
            return try await refreshed(target, excess, fromStore)
        }
        let isStale = found.age > policy.stalenessLimit
        return ReadAnswer(
            content: found.content, outcome: isStale ? .stale : .hit,
            reason: isStale ? .feedLost : reason, asOf: found.asOf, metrics: found.metrics)
    }

    /// Why a read goes around the cache, if it does.
    var around: ReadReason { isCacheEnabled ? .noCache : .disabled }

    /// Content of the cache with the instant up to which it is complete.
    struct Found {
        let content: ReadContent
        let asOf: ContinuousClock.Instant
        let metrics: NamespaceMetrics?

        var age: Duration { max(.zero, asOf.duration(to: .now)) }
    }

    /// What the cache has; nil where it holds nothing of the collection or knows not how old it is.
    func look(_ target: Target, _ fromCache: CacheLookup) throws -> Found? {
        guard isCacheEnabled, let cache = caches[target.namespace],
            let asOf = cache.freshness.proven
        else { return nil }
        do {
            guard var content = try fromCache(cache) else { return nil }
            if let wanted = target.demand.epoch, wanted != content.epoch {
                // A later state's lineage speaks of another epoch and proves nothing here.
                content.lineage = try cache.head()?.lineage ?? .none
            }
            return Found(content: content, asOf: asOf, metrics: cache.metrics)
        } catch let error as ReadError where error.code == .damaged || error.code == .foreign {
            replicator.reportDamage(of: cache, error)
            return nil
        }
    }

    /// The answer of the store; loads the collection where it is missing in the cache.
    ///
    /// Throws `.conflict` when the store has lost what the client has seen.
    func stored(
        _ target: Target, _ reason: ReadReason, _ fromStore: StoreLookup
    ) async throws -> ReadAnswer {
        let asked = ContinuousClock.now
        let seen = seen(target.namespace)
        let content = try await fromStore()
        if let seen, let epoch = content.epoch,
            epoch != seen.epoch || content.revision < seen.revision
        {
            // Restored, or a standby: the primary knows.
            _ = try? await proof(of: target.namespace)
        }
        if reason == .notLoaded, content.epoch != nil {
            replicator.demand(target.kind.number, in: target.namespace)
        }
        if !target.demand.isMet(by: content) {
            try await refuseLost(target)
        }
        let isAround = reason == .noCache || reason == .disabled
        let isUnwritable = reason == .notLoaded && replicator.isUnwritable(target.namespace)
        let shown: ReadReason = isUnwritable ? .cacheUnwritable : reason
        return ReadAnswer(
            content: content, outcome: isAround ? .bypass : .miss, reason: shown,
            asOf: content.asOf ?? asked,
            metrics: nil)
    }

    static func name(of kind: KindTable.Entry) -> CollectionName {
        CollectionName(plugin: kind.plugin.name, kind: kind.kind.kind)
    }
}
