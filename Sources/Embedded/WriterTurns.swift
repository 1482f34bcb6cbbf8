import Synchronization

/// Gives out the one right to write, in the order of asking.
///
/// SQLite would let writers poll for its lock; who waits here takes no thread and cannot be overtaken.
final class WriterTurns: Sendable {
    private struct State {
        var isTaken = false
        var nextID: UInt64 = 0
        var waiting: [(id: UInt64, continuation: CheckedContinuation<Bool, Never>)] = []
    }

    private let state = Mutex(State())

    /// Waits for the turn; false when it did not come before the deadline.
    func take(until deadline: ContinuousClock.Instant) async -> Bool {
        let (isFree, id) = state.withLock { state -> (Bool, UInt64) in
            state.nextID += 1
            if state.isTaken { return (false, state.nextID) }
            state.isTaken = true
            return (true, state.nextID)
        }
        if isFree { return true }
        let timer = Task {
            do {
                try await Task.sleep(until: deadline, clock: .continuous)
                self.giveUp(id)
            } catch {
                // The turn came in time.
            }
        }
        defer { timer.cancel() }
        return await withCheckedContinuation { continuation in
            let isFreeNow = state.withLock { state in
                if state.isTaken {
                    state.waiting.append((id, continuation))
                    return false
                }
                state.isTaken = true
                return true
            }
            if isFreeNow { continuation.resume(returning: true) }
        }
    }

    /// Hands the turn to the next who waits.
    func giveBack() {
        let next = state.withLock { state -> CheckedContinuation<Bool, Never>? in
            guard !state.waiting.isEmpty else {
                state.isTaken = false
                return nil
            }
            return state.waiting.removeFirst().continuation
        }
        next?.resume(returning: true)
    }

    private func giveUp(_ id: UInt64) {
        let late = state.withLock { state -> CheckedContinuation<Bool, Never>? in
            guard let index = state.waiting.firstIndex(where: { $0.id == id }) else { return nil }
            return state.waiting.remove(at: index).continuation
        }
        late?.resume(returning: false)
    }
}
