import CatalogModel
import ServiceLifecycle
import Synchronization

/// Looks at the metrics once a second and tells who listens; it costs requests nothing.
final class TrafficMonitor: Service, Sendable {
    private struct State: ~Copyable {
        var ring = TrafficRing(capacity: ServerLimits.consoleSamples)
        /// How many samples there were; listeners wait for the next one by it.
        var turn: UInt64 = 0
        var waiters: [CheckedContinuation<Void, Never>] = []
        var isStopped = false
    }

    private let state = Mutex(State())
    private let look: @Sendable () -> TrafficCounts

    /// `look` reads counters and does no I/O.
    init(look: @escaping @Sendable () -> TrafficCounts) {
        self.look = look
        state.withLock { $0.ring.add(look(), at: .now) }
    }

    /// Samples until the server stops; then every listener is told.
    func run() async throws {
        await cancelWhenGracefulShutdown {
            var due = ContinuousClock.now
            while !Task.isCancelled {
                due = max(due + ServerLimits.consoleInterval, .now)
                try? await Task.sleep(until: due, clock: .continuous)
                self.sample()
            }
        }
        wake { $0.isStopped = true }
    }

    private func sample() {
        let counts = look()
        wake { state in
            state.ring.add(counts, at: .now)
            state.turn += 1
        }
    }

    private func wake(_ change: (inout State) -> Void) {
        let waiters = state.withLock { state in
            change(&state)
            defer { state.waiters = [] }
            return state.waiters
        }
        for waiter in waiters { waiter.resume() }
    }

    /// The turn of the newest sample, and the last minutes as they were then.
    var history: (turn: UInt64, points: [TrafficFigures]) {
        let (turn, ring) = state.withLock { ($0.turn, $0.ring) }
        return (turn, ring.points(.max, window: ServerLimits.consoleWindow))
    }

    /// The newest point, and the figures of the last minute.
    var latest: (point: TrafficFigures?, minute: TrafficFigures) {
        let ring = state.withLock { $0.ring }
        let minute = ring.sum(ofNewest: ServerLimits.consoleMinute)
        return (
            ring.points(1, window: ServerLimits.consoleWindow).last,
            TrafficFigures(now: minute, over: minute)
        )
    }

    /// Waits for a sample after a turn; nil once the server stops.
    ///
    /// A cancelled caller returns with the next sample, at most a second later.
    func next(after turn: UInt64) async -> UInt64? {
        while true {
            await withCheckedContinuation { waiter in
                let isDue = state.withLock { state in
                    guard !state.isStopped, state.turn <= turn, !Task.isCancelled else {
                        return true
                    }
                    state.waiters.append(waiter)
                    return false
                }
                if isDue { waiter.resume() }
            }
            let (now, isStopped) = state.withLock { ($0.turn, $0.isStopped) }
            if isStopped { return nil }
            if now > turn || Task.isCancelled { return now }
        }
    }
}
