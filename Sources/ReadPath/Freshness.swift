import Synchronization

/// How old an answer of one namespace's cache can be, published by the feed and read on every hit.
package final class Freshness: Sendable {
    /// A day before the first use, because what is proven then began earlier.
    private static let origin = ContinuousClock.now.advanced(by: .seconds(-86_400))
    /// Nanoseconds since `origin` up to which everything committed has been applied; 0 for never.
    private let provenAt = Atomic<Int64>(0)

    package init() {}

    /// The cache holds everything that was committed before `instant`.
    package func prove(at instant: ContinuousClock.Instant) {
        provenAt.store(max(1, Self.nanoseconds(instant)), ordering: .releasing)
    }

    /// Nothing is known any more.
    package func revoke() {
        provenAt.store(0, ordering: .releasing)
    }

    /// An upper bound of the age of an answer given at `now`, or nil when there is none.
    package func bound(now: ContinuousClock.Instant = .now) -> Duration? {
        let proven = provenAt.load(ordering: .acquiring)
        guard proven > 0 else { return nil }
        return .nanoseconds(max(0, Self.nanoseconds(now) - proven))
    }

    private static func nanoseconds(_ instant: ContinuousClock.Instant) -> Int64 {
        let parts = origin.duration(to: instant).components
        return parts.seconds * 1_000_000_000 + parts.attoseconds / 1_000_000_000
    }
}
