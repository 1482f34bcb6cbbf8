import ReadPath

/// The history that a cache shows, from its opening or last rebuild to the next.
///
/// Whatever was made of the cache's state is good only as long as this holds: a rebuilt cache may be
/// at the same epoch, and past the same revision, with other content.
struct CacheHistory: Sendable {
    private let freshness: Freshness
    private let revocations: Int

    /// Take it before anything else is read of the cache.
    init(_ cache: NamespaceCache) {
        freshness = cache.freshness
        revocations = cache.freshness.revocations
    }

    /// Whether a cache, if there is one, still shows this history.
    func holds(in cache: NamespaceCache?) -> Bool {
        cache?.freshness === freshness && freshness.revocations == revocations
    }
}
