/// The newest revision of a namespace with the digest of its content, as the store tells it.
package struct NamespaceHead: Hashable, Sendable {
    package let namespace: Namespace
    package let epoch: Epoch
    package let revision: Revision
    /// XOR of the digests of all entities of the namespace.
    package let digest: UInt64
    /// Which earlier histories the epoch's goes on from.
    package let lineage: Lineage

    package init(
        namespace: Namespace, epoch: Epoch, revision: Revision, digest: UInt64,
        lineage: Lineage = .none
    ) {
        self.namespace = namespace
        self.epoch = epoch
        self.revision = revision
        self.digest = digest
        self.lineage = lineage
    }
}

/// The state of one collection, that is of one kind in one namespace, at some revision.
package struct CollectionHead: Hashable, Sendable {
    package let plugin: String
    package let kind: String
    /// The newest revision that changed this collection.
    package let revision: Revision
    /// XOR of the digests of the collection's entities.
    package let digest: UInt64
    package let entityCount: Int

    package init(plugin: String, kind: String, revision: Revision, digest: UInt64, entityCount: Int)
    {
        self.plugin = plugin
        self.kind = kind
        self.revision = revision
        self.digest = digest
        self.entityCount = entityCount
    }
}

/// What became of one entity: its current content, or its absence.
package enum Change: Hashable, Sendable {
    case put(StoredEntity)
    case delete(EntityKey)

    package var key: EntityKey {
        switch self {
        case .put(let entity): entity.key
        case .delete(let key): key
        }
    }
}

/// Everything that changed in a namespace after one revision up to its head, read in one snapshot.
///
/// The rows are those at the head: a key that changed twice is there once.
package struct ChangeBatch: Sendable {
    package let head: NamespaceHead
    /// The batch holds the changes of revisions `after + 1 … head.revision`.
    package let after: Revision
    package let changes: [Change]
    /// The state of every collection of the namespace at the head.
    package let collections: [CollectionHead]
    /// For how long before the question the head may have been the store's already.
    package let behind: Duration

    package init(
        head: NamespaceHead, after: Revision, changes: [Change], collections: [CollectionHead],
        behind: Duration = .zero
    ) {
        self.head = head
        self.after = after
        self.changes = changes
        self.collections = collections
        self.behind = behind
    }

    /// Bytes of the documents.
    package var documentBytes: Int {
        changes.reduce(0) { sum, change in
            if case .put(let entity) = change { sum + entity.doc.count } else { sum }
        }
    }
}
