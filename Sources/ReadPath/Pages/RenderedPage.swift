package import CatalogModel
import Synchronization

/// Which content of a collection a page shows.
package struct PageStamp: Sendable, Hashable {
    package let epoch: Epoch
    package let revision: Revision
    package let digest: UInt64

    package init(_ stamp: CacheStamp) {
        epoch = stamp.epoch
        revision = stamp.collectionRevision
        digest = stamp.collectionDigest
    }
}

/// The bytes of one page of a list, shared by all requests that it answers; immutable.
package final class RenderedPage: Sendable {
    package let key: String
    package let kind: KindTable.Entry
    package let stamp: PageStamp
    /// The whole answer, with the newline at its end.
    package let body: [UInt8]
    /// What the server made of the page: its bytes in the forms in which they are sent.
    private let made = Mutex<(any AnyObject & Sendable)?>(nil)

    init(key: String, kind: KindTable.Entry, stamp: PageStamp, body: [UInt8]) {
        self.key = key
        self.kind = kind
        self.stamp = stamp
        self.body = body
    }

    package var tag: EntityTag { EntityTag(revision: stamp.revision, digest: stamp.digest) }

    /// What was made of the page before, or what `make` makes of it now, once.
    ///
    /// One uncontended lock; `make` runs inside it and has to be short.
    package func companion<Made: AnyObject & Sendable>(
        _ make: (RenderedPage) -> Made
    ) -> Made {
        made.withLock { kept in
            if let kept = kept as? Made { return kept }
            let fresh = make(self)
            kept = fresh
            return fresh
        }
    }
}
