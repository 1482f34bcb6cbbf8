package import CatalogModel

/// Where a replica learns what changed: heads, ranges, snapshots, and hints that something is new.
///
/// Each call reads one consistent snapshot. Postgres is the first implementation, another replica
/// the second.
package protocol ChangeFeed: Sendable {
    /// The heads of the namespaces that exist; one query for all.
    func heads(of namespaces: [Namespace]) async throws(FeedError) -> [NamespaceHead]

    /// Heads with how old they were when they were told, which a feed out of the store never is.
    func readHeads(of namespaces: [Namespace]) async throws(FeedError) -> HeadsRead

    /// Everything that changed after a revision, or only the head where the way is too far.
    func changes(in namespace: Namespace, after revision: Revision) async throws(FeedError)
        -> RangeRead

    /// Hands the rows of one collection over in batches, in one snapshot, and returns its state.
    func copy(
        _ kind: CollectionName, in namespace: Namespace,
        rows: @escaping @Sendable ([StoredEntity]) async throws(FeedError) -> Void
    ) async throws(FeedError) -> CollectionSnapshot

    /// Hints and the state of the connection that brings them; ends with the feed.
    var signals: AsyncStream<FeedSignal> { get }
}

/// Names one kind of one plugin as the store does.
package struct CollectionName: Hashable, Sendable {
    package let plugin: String
    package let kind: String

    package init(plugin: String, kind: String) {
        self.plugin = plugin
        self.kind = kind
    }
}

/// The outcome of a range read.
package enum RangeRead: Sendable {
    case batch(ChangeBatch)
    /// The log was trimmed past the revision, or more changed than one batch may hold.
    case tooFar(NamespaceHead)
    /// The store does not know the namespace.
    case unknownNamespace
}

/// At which head a copy was made, and what the collection was like there.
package struct CollectionSnapshot: Sendable {
    /// Nil where the store does not know the namespace.
    package let head: NamespaceHead?
    /// Nil where the collection has never held an entity.
    package let collection: CollectionHead?

    package init(head: NamespaceHead?, collection: CollectionHead?) {
        self.head = head
        self.collection = collection
    }
}

/// What the hint connection has to say.
package enum FeedSignal: Sendable {
    /// Listening is committed; whatever is notified from now on arrives.
    case connected
    case disconnected
    /// Notifications arrive on the present connection.
    case hearing
    /// The connection is up and brought notifications, but does so no longer.
    case deaf(missedHeartbeats: Int)
    /// Notifications have never arrived on the present connection.
    case polling(reason: String)
    case hint(Hint)
    /// Something was notified that is no hint: look at the heads.
    case unreadable
}

/// One beat of what the replicas send each other the whole way that a hint takes.
package struct Heartbeat: Hashable, Sendable {
    package let number: UInt64

    /// Reads a payload; nil for anything that is not exactly a heartbeat.
    package init?(payload: String) {
        let parts = payload.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count == 2, parts[0] == "heartbeat", let number = UInt64(parts[1]),
            String(number) == parts[1]
        else { return nil }
        self.number = number
    }
}

/// "Look now": a revision of a namespace exists, in the history whose epoch begins so.
///
/// On the wire `epoch:namespace:revision`, with the first eight characters of the epoch; at most
/// 93 bytes for the longest namespace.
package struct Hint: Hashable, Sendable {
    /// A payload longer than this is not ours.
    package static let maxPayloadBytes = 96

    package let epochPrefix: String
    package let namespace: Namespace
    package let revision: Revision

    package init(epoch: Epoch, namespace: Namespace, revision: Revision) {
        epochPrefix = epoch.prefix
        self.namespace = namespace
        self.revision = revision
    }

    /// Reads a payload; nil for anything that is not exactly a hint.
    package init?(payload: String) {
        guard payload.utf8.count <= Self.maxPayloadBytes else { return nil }
        let parts = payload.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count == 3, parts[0].utf8.count == 8,
            let namespace = try? Namespace(String(parts[1])),
            let revision = UInt64(parts[2]), String(revision) == parts[2]
        else { return nil }
        epochPrefix = String(parts[0])
        self.namespace = namespace
        self.revision = Revision(revision)
    }

    package var payload: String { "\(epochPrefix):\(namespace.name):\(revision.value)" }
}
