package import CatalogModel

/// What a replica tells the others about itself in one statement.
package struct ReplicaReport: Sendable {
    package let replica: ReplicaIdentity
    /// How long the replica counts as alive after the report.
    package let lease: Duration
    /// Namespaces whose cache has moved since the last report.
    package let moved: [NamespaceHead]
    /// Namespaces that the replica no longer holds.
    package let dropped: [Namespace]
}

/// One start of one process.
package struct ReplicaIdentity: Hashable, Sendable {
    /// Unique for each start.
    package let id: String
    /// What operators call it; the same for every start.
    package let name: String

    /// Makes the id of a new process start.
    package init(name: String) {
        let random = String(UInt32.random(in: 0...UInt32.max), radix: 16)
        id = "\(name)-\(String(repeating: "0", count: 8 - random.count))\(random)"
        self.name = name
    }
}

/// How far the cache of one live replica has come.
package struct ReplicaPosition: Hashable, Sendable {
    package let replica: String
    package let namespace: Namespace
    package let epoch: Epoch
    package let revision: Revision

    package init(replica: String, namespace: Namespace, epoch: Epoch, revision: Revision) {
        self.replica = replica
        self.namespace = namespace
        self.epoch = epoch
        self.revision = revision
    }
}

/// Where replicas register and report how far they are.
package protocol ReplicaStore: Sendable {
    /// Renews the lease and stores positions; false for a replica that was not registered, whose
    /// next report has to name everything that it holds.
    func report(_ report: ReplicaReport) async throws(FeedError) -> Bool

    /// Takes the replica out of the register.
    func leave(_ replica: ReplicaIdentity) async throws(FeedError)

    /// The positions of all live replicas in some namespaces; one query.
    func positions(in namespaces: [Namespace]) async throws(FeedError) -> [ReplicaPosition]
}
