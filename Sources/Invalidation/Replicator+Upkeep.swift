package import CatalogModel
package import ReadPath
import Telemetry

/// What a read found in a cache that must not be served any more.
struct CacheDamage: Sendable {
    let cache: NamespaceCache
    let error: ReadError
}

/// Keeping the caches within their budget and their readers short.
extension Replicator {
    /// Looks after the caches until cancelled.
    func keepUp() async {
        var pass = 0
        while !Task.isCancelled {
            try? await Task.sleep(for: FeedLimits.upkeepInterval)
            pass += 1
            makeRoom(opening: false)
            watchReaders()
            if pass.isMultiple(of: FeedLimits.staleReaderPasses) { clearStaleReaders() }
        }
    }

    /// Closes what was not read for longest until the budget holds; false when it cannot hold.
    @discardableResult
    func makeRoom(opening: Bool, sparing spared: Namespace? = nil) -> Bool {
        while let victim = caches.victim(opening: opening, sparing: spared) {
            // Alone over the budget: loaded again at once, it would soon be so again.
            if !opening, caches.count == 1 { unwritable.fail(victim, at: .now) }
            evict(victim)
        }
        return !caches.isOverBudget
    }

    /// Deletes a cache; the next read of the namespace loads it again.
    ///
    /// Files that are kept would have to be followed or caught up with, and take the room that is
    /// to be made; what was not read for longest is cheaper to load once more.
    func evict(_ namespace: Namespace) {
        let bytes = caches[namespace]?.usedBytes ?? 0
        _ = machine.evicted(namespace)
        forget(namespace)
        observer.observe(.namespaceEvicted(namespace: namespace.name, bytes: bytes))
    }

    /// Deletes a cache because an operator wants it loaded again; returns the bytes that it took.
    ///
    /// Nil where there is none. Reads go to the store until the collections that they demand are
    /// loaded; a pause after failures is over.
    package func evictAsAsked(_ namespace: Namespace) -> Int? {
        unwritable.recover(namespace)
        guard let bytes = caches[namespace]?.usedBytes else { return nil }
        evict(namespace)
        return bytes
    }

    /// Gives up a cache that cannot be written: the store answers until a later try succeeds.
    ///
    /// The files go as well, which makes room for others, and nothing old can be answered.
    func setAside(_ namespace: Namespace, _ error: ReadError) {
        unwritable.fail(namespace, at: .now)
        _ = machine.evicted(namespace)
        forget(namespace)
        observer.observe(.cacheUnwritable(namespace: namespace.name, reason: error.description))
    }

    /// A read found damage: the cache answers no more and is deleted in the background.
    package nonisolated func reportDamage(of cache: NamespaceCache, _ error: ReadError) {
        if cache.suspendOnce() { damages.continuation.yield(.init(cache: cache, error: error)) }
    }

    /// Deletes a cache in which a read found damage; the next read loads it anew, after a pause that
    /// doubles where it happens again.
    func discard(_ damage: CacheDamage) {
        let namespace = damage.cache.namespace
        guard caches[namespace] === damage.cache else { return }
        unwritable.fail(namespace, at: .now)
        _ = machine.evicted(namespace)
        forget(namespace)
        observer.observe(
            .cacheDiscarded(namespace: namespace.name, reason: damage.error.description))
    }

    /// A batch could not be written; the namespace is set aside at once where waiting is no cure.
    func applyFailed(_ namespace: Namespace, _ error: ReadError) {
        guard error.code == .storage else {
            observer.observe(
                .cacheUnwritable(namespace: namespace.name, reason: error.description))
            return schedule(machine.applyFailed(namespace))
        }
        let failures = failedApplies[namespace, default: 0] + 1
        guard !error.isUnwritable, failures < FeedLimits.maxFailedApplies else {
            return setAside(namespace, error)
        }
        failedApplies[namespace] = failures
        observer.observe(.cacheUnwritable(namespace: namespace.name, reason: error.description))
        schedule(machine.applyDeferred(namespace))
    }

    func reportGrowth(_ cache: NamespaceCache) {
        guard let bytes = cache.grownMapBytes() else { return }
        observer.observe(.mapGrown(namespace: cache.namespace.name, bytes: bytes))
    }

    private func watchReaders() {
        for cache in caches.all {
            let age = cache.oldestReaderAge
            guard age > FeedLimits.maxReaderAge else {
                oldReaders.remove(cache.namespace)
                continue
            }
            guard oldReaders.insert(cache.namespace).inserted else { continue }
            observer.observe(
                .readerTooOld(
                    namespace: cache.namespace.name, ageMs: Int(age / .milliseconds(1))))
        }
    }

    private func clearStaleReaders() {
        for cache in caches.all {
            guard let count = try? cache.checkStaleReaders(), count > 0 else { continue }
            observer.observe(
                .staleReadersCleared(namespace: cache.namespace.name, count: count))
        }
    }

    /// Lets readers know how fresh the namespace is, and the metrics how far behind.
    func publish(_ namespace: Namespace) {
        if let freshAt = machine.freshAt(namespace) {
            caches[namespace]?.freshness.prove(at: freshAt)
        }
        metrics.metrics(for: namespace.name).revisionLag.set(
            Int(clamping: machine.lag(namespace)))
    }
}
