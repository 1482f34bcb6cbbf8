import Synchronization

/// Orders the uses of caches without cost: reads copy the present tick, only others advance it.
///
/// Two reads within one tick count as one; the clock moves with each opening and each poll.
package final class UseClock: Sendable {
    private let ticks = Atomic<UInt64>(1)

    package init() {}

    package var now: UInt64 { ticks.load(ordering: .relaxed) }

    /// Separates what was used so far from what is used later; returns the new tick.
    @discardableResult
    package func advance() -> UInt64 {
        ticks.add(1, ordering: .relaxed).newValue
    }
}
