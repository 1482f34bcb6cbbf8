/// Decides whether the listening connection hears: a value without I/O or clock.
///
/// A heartbeat that was committed after the connection listened has to arrive on it. One that does
/// not within a limit makes the connection deaf, or shows that it never heard.
package struct PulseMachine: Sendable {
    package enum Verdict: Hashable, Sendable {
        case nothing
        /// It heard, and does not any more: to be reported, and connected anew.
        case reportDeaf(missed: Int)
        /// It has not heard at all: to be reported once; the feed polls.
        case reportPolling
        /// Another attempt with a new connection.
        case reconnect
    }

    private struct Session {
        let connectedAt: ContinuousClock.Instant
        /// The first beat that was certainly sent after the connection listened.
        var base: UInt64?
        var heard: UInt64 = 0
        var awaitedSince: ContinuousClock.Instant?
        var awaited: UInt64 = 0
        var missed = 0
        var hasHeard = false
        /// When to try another connection after this one has never heard.
        var retryAt: ContinuousClock.Instant?
    }

    private var session: Session?
    private var failures = 0

    package init() {}

    /// Whether a beat has to be sent now, whoever's turn it is.
    package var needsProbe: Bool { session.map { $0.base == nil } ?? false }

    package mutating func connected(at now: ContinuousClock.Instant) {
        session = Session(connectedAt: now)
    }

    package mutating func disconnected() { session = nil }

    /// The store knows of a beat; it was asked at `askedAt`, and `isOwn` tells who sent it.
    package mutating func committed(
        _ beat: UInt64, isOwn: Bool, askedAt: ContinuousClock.Instant,
        at now: ContinuousClock.Instant
    ) {
        guard var current = session, askedAt >= current.connectedAt else { return }
        if current.base == nil, isOwn { current.base = beat }
        if let base = current.base, beat >= base, beat > max(current.heard, current.awaited) {
            current.awaitedSince = current.awaitedSince ?? now
            current.awaited = beat
            current.missed += 1
        }
        session = current
    }

    /// A beat has arrived; returns true for the first one of a connection.
    package mutating func heard(_ beat: UInt64) -> Bool {
        guard var current = session else { return false }
        let isFirst = !current.hasHeard
        current.hasHeard = true
        current.heard = max(current.heard, beat)
        if current.heard >= current.awaited {
            current.awaitedSince = nil
            current.missed = 0
        }
        current.retryAt = nil
        session = current
        failures = 0
        return isFirst
    }

    /// Says what is due at an instant.
    package mutating func check(at now: ContinuousClock.Instant) -> Verdict {
        guard var current = session, let since = current.awaitedSince else { return .nothing }
        if let retryAt = current.retryAt {
            guard now >= retryAt else { return .nothing }
            session = nil
            return .reconnect
        }
        guard since.duration(to: now) >= FeedLimits.deafAfter else { return .nothing }
        if current.hasHeard {
            session = nil
            return .reportDeaf(missed: current.missed)
        }
        current.retryAt = now + FeedLimits.probeRetry * (1 << min(failures, 4))
        failures += 1
        session = current
        return .reportPolling
    }
}
