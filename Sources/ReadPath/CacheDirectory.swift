package import CatalogModel
package import LMDB
import Synchronization
package import Telemetry

/// The caches of all namespaces of this process, one sub-directory each.
///
/// Lookups cost one uncontended lock and a hash. A cache is listed only while it may answer.
package final class CacheDirectory: Sendable {
    package let path: String
    package let kinds: KindTable
    package let budget: CacheBudget
    /// Advanced by whoever wants later reads told from earlier ones.
    package let clock = UseClock()
    /// The bound of the rendered pages of all namespaces.
    package let pageLibrary: PageLibrary
    private let bootID: String
    private let options: EnvironmentOptions
    private let metrics: NamespaceMetricsFamily?
    private let open = Mutex<[Namespace: NamespaceCache]>([:])

    package init(
        path: String, kinds: KindTable, bootID: String, budget: CacheBudget = CacheBudget(),
        options: EnvironmentOptions = .cache, metrics: NamespaceMetricsFamily? = nil
    ) {
        self.path = path
        self.kinds = kinds
        self.bootID = bootID
        self.budget = budget
        pageLibrary = PageLibrary(maxBytes: budget.pageBytes)
        self.options = options
        self.metrics = metrics
    }

    /// The cache of a namespace, or nil while the replica holds none.
    package subscript(namespace: Namespace) -> NamespaceCache? {
        open.withLock { $0[namespace] }
    }

    /// All caches that may answer.
    package var all: [NamespaceCache] {
        open.withLock { Array($0.values) }
    }

    package var count: Int { open.withLock { $0.count } }

    /// Bytes that the pages of all caches take; about a microsecond for each.
    package var usedBytes: Int { all.reduce(0) { $0 + $1.usedBytes } }

    /// The namespace that was not read for longest and has to go for the budget; nil for none.
    ///
    /// `opening` makes room for one more. `spared` never goes.
    package func victim(opening: Bool, sparing spared: Namespace? = nil) -> Namespace? {
        let caches = all
        let isFull = opening && caches.count >= budget.maxNamespaces
        guard isFull || isOverBytes(caches) else { return nil }
        return caches.lazy.filter { $0.namespace != spared }
            .min { ($0.lastUsed, $0.namespace) < ($1.lastUsed, $1.namespace) }?.namespace
    }

    /// Whether the pages of all caches take more than they may.
    package var isOverBudget: Bool { isOverBytes(all) }

    private func isOverBytes(_ caches: [NamespaceCache]) -> Bool {
        guard budget.maxBytes > 0 else { return false }
        return caches.reduce(0) { $0 + $1.usedBytes } > budget.maxBytes
    }

    /// The namespaces whose files an earlier process left.
    package func stored() throws(ReadError) -> [Namespace] {
        do throws(StorageError) {
            return try StorageDirectory.entries(of: path).compactMap { try? Namespace($0) }.sorted()
        } catch {
            throw ReadError(error)
        }
    }

    /// Opens what an earlier process left of a namespace and lets it answer.
    ///
    /// Returns nil, with the files gone, for content that is not to be trusted; `reason` says why.
    package func reopen(
        _ namespace: Namespace, onDiscard: (ReadError) -> Void
    ) throws(ReadError) -> StoreHeader? {
        do throws(ReadError) {
            let cache = try makeCache(namespace)
            if let header = try cache.trustedHeader() {
                publish(cache)
                return header
            }
            try cache.close()
        } catch {
            onDiscard(error)
        }
        try discard(namespace)
        return nil
    }

    /// Makes a fresh cache at a head and lets it answer.
    package func create(at head: NamespaceHead) throws(ReadError) -> NamespaceCache {
        guard count < ReadLimits.maxOpenNamespaces else {
            throw ReadError(.storage, "too many namespaces are open")
        }
        let cache = try makeCache(head.namespace)
        try cache.reset(to: head)
        publish(cache)
        return cache
    }

    /// Closes a cache, if there is one, and deletes its files.
    package func discard(_ namespace: Namespace) throws(ReadError) {
        let cache = open.withLock { $0.removeValue(forKey: namespace) }
        cache?.suspend()
        try cache?.close()
        do throws(StorageError) {
            try StorageDirectory.remove(filePath(of: namespace))
        } catch {
            throw ReadError(error)
        }
    }

    /// Flushes and closes all caches; reads that come later miss.
    package func closeAll() -> [ReadError] {
        let caches = open.withLock { open in
            defer { open = [:] }
            return Array(open.values)
        }
        return caches.compactMap { cache in
            do throws(ReadError) {
                try cache.close()
                return nil
            } catch {
                return error
            }
        }
    }

    /// Where a namespace's files lie.
    package func filePath(of namespace: Namespace) -> String { "\(path)/\(namespace.name)" }

    private func makeCache(_ namespace: Namespace) throws(ReadError) -> NamespaceCache {
        try NamespaceCache(
            namespace: namespace, path: filePath(of: namespace), kinds: kinds, bootID: bootID,
            options: options, clock: clock, metrics: metrics?.metrics(for: namespace.name),
            library: pageLibrary)
    }

    private func publish(_ cache: NamespaceCache) {
        open.withLock { $0[cache.namespace] = cache }
    }
}
