import Synchronization
import Telemetry

/// Everything that one replica observed, to wait on.
final class Observations: Sendable {
    private struct Waiter {
        let id: Int
        let isMet: @Sendable ([Observation]) -> Bool
        let continuation: CheckedContinuation<Bool, Never>
    }

    private struct State: ~Copyable {
        var seen: [Observation] = []
        var waiters: [Waiter] = []
        var lastID = 0
    }

    private let state = Mutex(State())

    var all: [Observation] { state.withLock { $0.seen } }

    func count(_ kind: ObservationKind) -> Int { all.count { $0.kind == kind } }

    func add(_ observation: Observation) {
        let woken = state.withLock { state in
            state.seen.append(observation)
            let seen = state.seen
            let woken = state.waiters.filter { $0.isMet(seen) }
            state.waiters.removeAll { waiter in woken.contains { $0.id == waiter.id } }
            return woken
        }
        for waiter in woken { waiter.continuation.resume(returning: true) }
    }

    /// Waits until what was observed meets a condition; false after ten seconds.
    func wait(until isMet: @escaping @Sendable ([Observation]) -> Bool) async -> Bool {
        let id = state.withLock { state in
            state.lastID += 1
            return state.lastID
        }
        var timer: Task<Void, any Error>?
        defer { timer?.cancel() }
        return await withCheckedContinuation { continuation in
            let isThere = state.withLock { state in
                if isMet(state.seen) { return true }
                state.waiters.append(Waiter(id: id, isMet: isMet, continuation: continuation))
                return false
            }
            guard !isThere else { return continuation.resume(returning: true) }
            timer = Task {
                try await Task.sleep(for: .seconds(10))
                self.expire(id)
            }
        }
    }

    func wait(for kind: ObservationKind, count: Int = 1) async -> Bool {
        await wait { seen in seen.count { $0.kind == kind } >= count }
    }

    /// Ends all waiting in vain.
    func giveUp() {
        let woken = state.withLock { state in
            defer { state.waiters = [] }
            return state.waiters
        }
        for waiter in woken { waiter.continuation.resume(returning: false) }
    }

    private func expire(_ id: Int) {
        let waiter = state.withLock { state -> Waiter? in
            guard let index = state.waiters.firstIndex(where: { $0.id == id }) else { return nil }
            return state.waiters.remove(at: index)
        }
        waiter?.continuation.resume(returning: false)
    }
}
