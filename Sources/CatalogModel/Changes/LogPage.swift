/// One entry of the change log: what a revision did to one entity.
package struct LoggedChange: Hashable, Sendable {
    package let key: EntityKey
    package let isDelete: Bool
    /// Nil for a deletion, and for a change that a later one has overtaken.
    package let version: Int64?
    /// The document as compact JSON; nil where there is no version, and for what is too long.
    package let document: [UInt8]?

    package init(key: EntityKey, isDelete: Bool, version: Int64?, document: [UInt8]?) {
        self.key = key
        self.isDelete = isDelete
        self.version = version
        self.document = document
    }
}

/// One revision with everything that its transaction changed, in the order of identities.
package struct LoggedRevision: Hashable, Sendable {
    package let revision: Revision
    /// The digest of the namespace's content after it.
    package let digest: UInt64
    package let changes: [LoggedChange]

    package init(revision: Revision, digest: UInt64, changes: [LoggedChange]) {
        self.revision = revision
        self.digest = digest
        self.changes = changes
    }

    /// Bytes of the documents.
    package var documentBytes: Int { changes.reduce(0) { $0 + ($1.document?.count ?? 0) } }
}

/// Whole revisions that follow one another in the log, read in one snapshot.
package struct LogPage: Hashable, Sendable {
    /// The head of the snapshot; at or past the last revision of the page.
    package let head: NamespaceHead
    /// Revisions up to this one are trimmed.
    package let floor: Revision
    package let after: Revision
    /// The digest at `after`; nil where the log does not tell it any more.
    package let digestBefore: UInt64?
    /// `after + 1`, `after + 2`, …; empty where `after` is the head or lies past it.
    package let revisions: [LoggedRevision]

    /// Takes what one snapshot showed; the revisions have to be dense.
    package init(
        head: NamespaceHead, floor: Revision, after: Revision, digestBefore: UInt64?,
        revisions: [LoggedRevision]
    ) {
        self.head = head
        self.floor = floor
        self.after = after
        self.digestBefore = digestBefore
        self.revisions = revisions
    }

    /// The last revision that the page is complete up to.
    package var through: Revision { revisions.last?.revision ?? after }

    /// Whether each revision follows the one before it.
    package var isDense: Bool {
        revisions.enumerated().allSatisfy {
            $0.element.revision.value == after.value &+ UInt64($0.offset) &+ 1
        }
    }

    /// Whether a place in the log belongs to the history of this page, which begins there.
    package func continues(_ cursor: ChangeCursor) -> Bool {
        if let epoch = cursor.epoch, epoch != head.epoch,
            !head.goesOn(from: cursor.revision, of: epoch)
        {
            return false
        }
        guard cursor.revision <= head.revision else { return false }
        guard let digest = cursor.digest, let digestBefore else { return true }
        return digest == digestBefore
    }

    /// The page without the revisions after one.
    package func clipped(through last: Revision) -> LogPage {
        guard last < through else { return self }
        return LogPage(
            head: head, floor: floor, after: after, digestBefore: digestBefore,
            revisions: revisions.filter { $0.revision <= last })
    }
}
