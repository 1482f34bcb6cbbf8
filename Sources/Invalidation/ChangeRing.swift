package import CatalogModel

/// The newest revisions of one namespace's log, for everyone who follows it: a value, bounded.
package struct ChangeRing: Sendable {
    /// What the ring has for a place in the log.
    package enum Answer: Sendable, Hashable {
        /// The revisions right after the place; the place after the last of them.
        case revisions([LoggedRevision], next: ChangeCursor)
        /// Nothing follows yet.
        case atEnd(ChangeCursor)
        /// The place is too old, too new or of another history: the log has to say which.
        case elsewhere
    }

    package private(set) var epoch: Epoch
    package private(set) var revisions: [LoggedRevision] = []
    private var start: ChangeCursor
    package private(set) var end: ChangeCursor
    private var changes = 0
    private var documentBytes = 0

    /// Begins at the end of a page, whose revisions it takes over.
    package init(_ page: LogPage) {
        epoch = page.head.epoch
        start = ChangeCursor(
            epoch: page.head.epoch, revision: page.after, digest: page.digestBefore)
        end = start
        append(page.revisions)
    }

    /// Takes over what follows; false for a page of another history, which replaces the ring.
    package mutating func add(_ page: LogPage) -> Bool {
        guard page.head.epoch == epoch, page.after == end.revision, page.continues(end) else {
            return false
        }
        append(page.revisions)
        return true
    }

    private mutating func append(_ new: [LoggedRevision]) {
        for revision in new {
            revisions.append(revision)
            changes += max(1, revision.changes.count)
            documentBytes += revision.documentBytes
        }
        guard let last = new.last else { return }
        end = place(of: last)
        var dropped = 0
        while dropped < revisions.count,
            changes > FeedLimits.maxRingChanges || documentBytes > FeedLimits.maxRingBytes
        {
            changes -= max(1, revisions[dropped].changes.count)
            documentBytes -= revisions[dropped].documentBytes
            start = place(of: revisions[dropped])
            dropped += 1
        }
        revisions.removeFirst(dropped)
    }

    private func place(of revision: LoggedRevision) -> ChangeCursor {
        ChangeCursor(epoch: epoch, revision: revision.revision, digest: revision.digest)
    }

    /// What follows a place, at most `limit` changes but always a whole revision.
    package func read(after cursor: ChangeCursor, limit: Int) -> Answer {
        if let wanted = cursor.epoch, wanted != epoch { return .elsewhere }
        guard cursor.revision >= start.revision, cursor.revision <= end.revision else {
            return .elsewhere
        }
        let offset = Int(cursor.revision.value - start.revision.value)
        let here = offset == 0 ? start : place(of: revisions[offset - 1])
        if let wanted = cursor.digest, let digest = here.digest, wanted != digest {
            return .elsewhere
        }
        var count = 0
        let slice = revisions[offset...].prefix { revision in
            count += max(1, revision.changes.count)
            return count <= limit || count == max(1, revision.changes.count)
        }
        guard let last = slice.last else { return .atEnd(end) }
        return .revisions(Array(slice), next: place(of: last))
    }
}
