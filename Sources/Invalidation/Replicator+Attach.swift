package import CatalogModel
import ReadPath

/// Following a namespace of which no collection has been read.
extension Replicator {
    /// Has the namespace followed, with no collection loaded; false where the store knows none.
    ///
    /// Returns at once where it is followed already, which counts as a use of its cache. Throws when
    /// the store does not answer or the cache cannot be written.
    package func attach(_ namespace: Namespace) async throws(FeedError) -> Bool {
        if machine.follows(namespace), let cache = caches[namespace] {
            cache.touch()
            return true
        }
        let asOf = ContinuousClock.now
        guard unwritable.pause(of: namespace, at: asOf) == nil else {
            throw FeedError(.cache, "the cache of the namespace cannot be written")
        }
        guard let head = try await feed.heads(of: [namespace]).first else { return false }
        // Somebody else may have made the cache meanwhile.
        guard !machine.follows(namespace) else { return true }
        do throws(ReadError) {
            makeRoom(opening: true)
            try caches.create(at: head).freshness.noteApplied(head.revision)
        } catch {
            setAside(namespace, error)
            throw FeedError(error)
        }
        admit(head, asOf: asOf)
        return true
    }
}
