import CatalogModel
import ReadPath
import Telemetry

/// The caches of this replica as the console lists them.
struct ConsoleCaches: Sendable {
    /// One line of the list.
    struct Row: Sendable {
        let namespace: Namespace
        let json: JSONValue
    }

    let directory: CacheDirectory
    /// Namespaces that the operator has named.
    let configured: Set<Namespace>

    /// The chosen namespace, the configured ones, then the furthest behind; a bounded number.
    ///
    /// Looks at every cache once; the lines that are returned cost a read transaction each.
    func rows(first chosen: Namespace) -> [Row] {
        let caches = directory.all.map { cache in
            (cache: cache, lag: Self.lag(of: cache), rank: rank(of: cache.namespace, chosen))
        }
        let ordered = caches.sorted { left, right in
            if left.rank != right.rank { return left.rank < right.rank }
            if left.lag != right.lag { return (left.lag ?? 0) > (right.lag ?? 0) }
            return left.cache.namespace < right.cache.namespace
        }
        return ordered.prefix(ServerLimits.consoleRows).map { entry in
            Row(namespace: entry.cache.namespace, json: Self.json(entry.cache, entry.lag))
        }
    }

    private func rank(of namespace: Namespace, _ chosen: Namespace) -> Int {
        if namespace == chosen { return 0 }
        return configured.contains(namespace) ? 1 : 2
    }

    /// Nil where the namespace shares its metrics with others.
    private static func lag(of cache: NamespaceCache) -> Int? {
        guard let metrics = cache.metrics, metrics.namespace == cache.namespace.name else {
            return nil
        }
        return metrics.revisionLag.current
    }

    private static func json(_ cache: NamespaceCache, _ lag: Int?) -> JSONValue {
        let head = try? cache.head()
        let bound = cache.freshness.bound().map { Int64($0 / .milliseconds(1)) }
        return [
            "namespace": .string(cache.namespace.name),
            "revision": head.map { .int($0.revision.value) } ?? .null,
            "lag": lag.map { .int($0) } ?? .null,
            "stalenessMs": bound.map { .int($0) } ?? .null, "bytes": .int(cache.usedBytes),
        ]
    }
}
