import CatalogModel
import Invalidation
import WritePath

/// Brings a write of this replica to all: a hint for the others, and the change itself here.
struct WrittenFeed: Sendable {
    let store: CatalogStore
    let replicator: Replicator
    let hints: HintPublisher

    /// Passes a head on, and returns once reads of this replica show it or time is up.
    func show(_ head: NamespaceHead) async {
        let hint = Hint(epoch: head.epoch, namespace: head.namespace, revision: head.revision)
        hints.publish(hint)
        _ = await replicator.follow(hint, timeout: FeedLimits.ownWriteWait)
    }

    /// Returns once reads of this replica show everything committed, or time is up.
    func catchUp(_ namespace: Namespace) async {
        guard let head = try? await store.head(of: namespace) else { return }
        let hint = Hint(epoch: head.epoch, namespace: head.namespace, revision: head.revision)
        _ = await replicator.follow(hint, timeout: FeedLimits.ownWriteWait)
    }
}
