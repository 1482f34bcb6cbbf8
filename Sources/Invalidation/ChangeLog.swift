package import CatalogModel

/// Where the change log is read as it was written, for clients that follow it.
///
/// Postgres is the first implementation, the feed of another replica the second.
package protocol ChangeLog: Sendable {
    /// The revisions after one: whole ones, as many as one read may hold, in one snapshot.
    func log(in namespace: Namespace, after revision: Revision) async throws(FeedError) -> LogRead
}

/// The outcome of a read of the change log.
package enum LogRead: Sendable {
    case page(LogPage)
    /// The log was trimmed past the revision.
    case belowFloor(NamespaceHead, floor: Revision)
    /// There is no such namespace yet.
    case unknownNamespace
}
