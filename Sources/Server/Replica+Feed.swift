import Invalidation
import Upstream

extension Replica {
    /// Listens to the feed; nothing notifies a replica with an upstream of jobs, which it looks for.
    static func listen(
        to upstream: UpstreamFeed?, or feed: PostgresFeed, onJob: @escaping @Sendable () -> Void
    ) async {
        guard let upstream else { return await feed.listen(onJob: onJob) }
        await upstream.listen()
    }
}
