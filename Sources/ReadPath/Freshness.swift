package import CatalogModel
import Synchronization

/// How old an answer of one namespace's cache can be, published by the feed and read on every hit.
package final class Freshness: Sendable {
    /// A day before the first use, because what is proven then began earlier.
    private static let origin = ContinuousClock.now.advanced(by: .seconds(-86_400))
    /// Nanoseconds since `origin` up to which everything committed has been applied; 0 for never.
    private let provenAt = Atomic<Int64>(0)
    private let revoked = Atomic<Int>(0)
    private typealias Apply = (revision: Revision, instant: ContinuousClock.Instant)
    private let lastApply = Mutex<Apply?>(nil)

    package init() {}

    /// The cache holds everything that was committed before `instant`.
    package func prove(at instant: ContinuousClock.Instant) {
        provenAt.store(max(1, Self.nanoseconds(instant)), ordering: .releasing)
    }

    /// Nothing is known any more.
    package func revoke() {
        revoked.add(1, ordering: .acquiringAndReleasing)
        provenAt.store(0, ordering: .releasing)
        lastApply.withLock { $0 = nil }
    }

    /// How often everything became unknown: what was read of the cache before may be of a lost history.
    package var revocations: Int { revoked.load(ordering: .acquiring) }

    /// Everything committed before this instant is in the cache; nil when nothing is known.
    ///
    /// Ask before the cache is read: what is proven later may not be in the snapshot.
    package var proven: ContinuousClock.Instant? {
        let proven = provenAt.load(ordering: .acquiring)
        return proven > 0 ? Self.origin.advanced(by: .nanoseconds(proven)) : nil
    }

    /// The same as `proven` in nanoseconds of `nowNanoseconds`; 0 when nothing is known.
    package var provenNanoseconds: Int64 { provenAt.load(ordering: .acquiring) }

    /// The present on the scale of `provenNanoseconds`; one reading of the clock.
    package static var nowNanoseconds: Int64 { nanoseconds(.now) }

    /// An upper bound of the age of an answer given at `now`, or nil when there is none.
    package func bound(now: ContinuousClock.Instant = .now) -> Duration? {
        proven.map { max(.zero, $0.duration(to: now)) }
    }

    /// The cache has been brought to a revision just now.
    package func noteApplied(_ revision: Revision, at instant: ContinuousClock.Instant = .now) {
        lastApply.withLock { last in
            // Collections that are installed at a revision do not apply it again.
            if last?.revision != revision { last = (revision, instant) }
        }
    }

    /// When this process brought the cache to a revision, if that is the last one it applied.
    package func applied(_ revision: Revision) -> ContinuousClock.Instant? {
        lastApply.withLock { last in
            guard let last, last.revision == revision else { return nil }
            return last.instant
        }
    }

    private static func nanoseconds(_ instant: ContinuousClock.Instant) -> Int64 {
        let parts = origin.duration(to: instant).components
        return parts.seconds * 1_000_000_000 + parts.attoseconds / 1_000_000_000
    }
}
