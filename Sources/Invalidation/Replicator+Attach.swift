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
        guard unwritable.pause(of: namespace, at: .now) == nil else {
            throw FeedError(.cache, "the cache of the namespace cannot be written")
        }
        guard let (head, asOf) = try await feed.readHead(of: namespace) else { return false }
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

    /// Takes in heads, each as of its own instant; of what is pending nothing is known.
    func settle(_ read: HeadsRead, asked: [Namespace], asOf: ContinuousClock.Instant) {
        guard !read.behind.isEmpty || !read.pending.isEmpty else {
            return schedule(machine.headsRead(read.heads, asked: asked, asOf: asOf))
        }
        let groups = Dictionary(grouping: read.heads) { read.asOf($0.namespace, asked: asOf) }
        for (instant, heads) in groups {
            schedule(
                machine.headsRead(heads, asked: heads.map(\.namespace), asOf: instant))
        }
        let known = read.pending.union(read.heads.map(\.namespace))
        schedule(
            machine.headsRead([], asked: asked.filter { !known.contains($0) }, asOf: asOf))
    }
}
