/// Allows bursts up to a size and a steady rate beyond them; a value without a clock of its own.
package struct TokenBucket: Sendable {
    private let interval: Duration
    private let burst: Int
    /// When the bucket would be full if nothing more were taken.
    private var fullAt: ContinuousClock.Instant?

    /// One token comes back per interval, up to `burst` tokens.
    package init(interval: Duration, burst: Int) {
        precondition(interval > .zero && burst > 0)
        self.interval = interval
        self.burst = burst
    }

    /// Takes a token and returns nil, or takes nothing and says how long until there is one.
    package mutating func take(at now: ContinuousClock.Instant) -> Duration? {
        let full = max(fullAt ?? now, now)
        let wait = now.duration(to: full) - interval * (burst - 1)
        guard wait <= .zero else { return wait }
        fullAt = full + interval
        return nil
    }
}
