/// Decides when one replica campaigns, renews and steps down; without I/O or clock.
///
/// Only its own clock is looked at, and only for lengths of time: clocks of different machines need
/// not agree. A leader counts from when it sent what was confirmed, the others from when they saw it:
/// with a renew deadline shorter than the lease there is never more than one leader.
struct ElectionMachine: Sendable {
    typealias Instant = ContinuousClock.Instant

    /// What to do now.
    enum Step: Hashable, Sendable {
        /// Try to become the leader; give up at `until`.
        case attempt(until: Instant)
        /// Confirm the leadership; give up at `until`.
        case renew(until: Instant)
        case wait(until: Instant)
        /// Stop everything that only a leader does.
        case stepDown
    }

    /// How an attempt or a renewal ended.
    enum Outcome: Hashable, Sendable {
        case held
        /// Somebody else leads.
        case refused(String)
        /// Nobody knows.
        case failed(String)
    }

    /// What an outcome changed.
    enum Change: Hashable, Sendable {
        case acquired
        case lost(String)
    }

    let timing: ElectionTiming
    private(set) var isLeading = false
    /// When the last confirmed claim was sent.
    private var confirmed: Instant
    private var next: Instant

    /// Starts as a follower that campaigns at once.
    init(timing: ElectionTiming, at now: Instant) {
        self.timing = timing
        confirmed = now
        next = now
    }

    /// When this replica stops to be the leader unless a renewal is confirmed before.
    var deadline: Instant { confirmed + timing.renewDeadline }

    func step(at now: Instant) -> Step {
        guard isLeading else {
            return now < next ? .wait(until: next) : .attempt(until: now + timing.renewDeadline)
        }
        guard now < deadline else { return .stepDown }
        return now < next ? .wait(until: min(next, deadline)) : .renew(until: deadline)
    }

    /// Takes the end of an attempt or a renewal that was sent at `sent`.
    mutating func ended(_ outcome: Outcome, sentAt sent: Instant, at now: Instant) -> Change? {
        next = now + timing.retry
        switch outcome {
        case .held:
            let isInTime = now < sent + timing.renewDeadline
            if isLeading {
                confirmed = sent
                return isInTime ? nil : leave("the confirmation came too late")
            }
            // Too late to be sure that it still stands: campaign again.
            guard isInTime else { return nil }
            confirmed = sent
            isLeading = true
            return .acquired
        case .refused(let reason):
            return isLeading ? leave(reason) : nil
        case .failed(let reason):
            return isLeading && now >= deadline ? leave(reason) : nil
        }
    }

    /// Becomes a follower; campaigns again after the pause.
    mutating func stepDown(at now: Instant) {
        isLeading = false
        next = now + timing.retry
    }

    private mutating func leave(_ reason: String) -> Change {
        isLeading = false
        return .lost(reason)
    }
}
