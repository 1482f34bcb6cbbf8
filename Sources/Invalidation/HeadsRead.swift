package import CatalogModel

/// Heads with how old each of them was when it was told.
package struct HeadsRead: Sendable {
    package let heads: [NamespaceHead]
    /// For how long before the question a head may have been the store's; absent for not at all.
    package let behind: [Namespace: Duration]
    /// Namespaces of which nothing can be said yet.
    package let pending: Set<Namespace>

    package init(
        heads: [NamespaceHead], behind: [Namespace: Duration] = [:],
        pending: Set<Namespace> = []
    ) {
        self.heads = heads
        self.behind = behind
        self.pending = pending
    }

    /// The instant up to which a head is known to be the store's, for a question at `asked`.
    package func asOf(
        _ namespace: Namespace, asked: ContinuousClock.Instant
    ) -> ContinuousClock.Instant {
        asked - (behind[namespace] ?? .zero)
    }
}

extension ChangeFeed {
    /// A feed out of the store itself tells heads that are never old.
    package func readHeads(of namespaces: [Namespace]) async throws(FeedError) -> HeadsRead {
        HeadsRead(heads: try await heads(of: namespaces))
    }

    /// The head of one namespace; nil where there is none, throws `.behind` where that is not known.
    func readHead(
        of namespace: Namespace
    ) async throws(FeedError) -> (head: NamespaceHead, asOf: ContinuousClock.Instant)? {
        let asked = ContinuousClock.now
        let read = try await readHeads(of: [namespace])
        guard !read.pending.contains(namespace) else {
            throw FeedError(.behind, "the upstream does not follow the namespace yet")
        }
        return read.heads.first.map { ($0, read.asOf(namespace, asked: asked)) }
    }
}
