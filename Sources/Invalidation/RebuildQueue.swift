import CatalogModel

/// Rebuilds that wait for their turn: at most a few a second, those that matter to readers first.
///
/// After a restore every namespace may have to be rebuilt at once; the store must not be asked for
/// all of them in the same second.
struct RebuildQueue {
    private var bucket = TokenBucket(
        interval: FeedLimits.rebuildInterval, burst: FeedLimits.rebuildBurst)
    private var waiting: [FeedMachine.Action] = []
    private var allowed: Set<FeedMachine.Ticket> = []
    /// Whether somebody waits for the next turn.
    private(set) var isPaced = false

    /// Whether a rebuild has had its turn; one that has not is kept for it.
    mutating func enter(_ action: FeedMachine.Action, _ ticket: FeedMachine.Ticket) -> Bool {
        if allowed.contains(ticket) { return true }
        waiting.append(action)
        return false
    }

    /// The rebuild is under way, or nobody waits for it any more.
    mutating func began(_ ticket: FeedMachine.Ticket) { allowed.remove(ticket) }

    /// Makes the caller the one who waits for the turns; false while another does.
    mutating func beginPacing() -> Bool {
        guard !isPaced else { return false }
        isPaced = true
        return true
    }

    enum Turn {
        case rebuild(FeedMachine.Action)
        case pause(Duration)
        /// Nothing waits; the pacing is over.
        case done
    }

    /// The turn at an instant; of those that wait the one with the highest rank, then the oldest.
    mutating func next(
        at now: ContinuousClock.Instant, rank: (Namespace) -> Int
    ) -> Turn {
        var best: (index: Int, rank: Int)?
        for (index, action) in waiting.enumerated() {
            guard case .rebuild(let namespace, _, _) = action else { continue }
            let rank = rank(namespace)
            if best.map({ rank > $0.rank }) ?? true { best = (index, rank) }
        }
        guard let best else {
            isPaced = false
            return .done
        }
        if let pause = bucket.take(at: now) { return .pause(pause) }
        let action = waiting.remove(at: best.index)
        if case .rebuild(_, _, let ticket) = action { allowed.insert(ticket) }
        return .rebuild(action)
    }
}
