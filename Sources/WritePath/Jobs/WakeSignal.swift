import Synchronization

/// Wakes everybody who waits, and those who were about to.
///
/// A waiter notes the count, looks for work, and then waits for a higher count, so that a signal
/// in between is not lost.
final class WakeSignal: Sendable {
    private enum Waiter {
        case arriving
        case cancelled
        case waiting(CheckedContinuation<Void, Never>)
    }

    private struct State {
        var count: UInt64 = 0
        var nextID: UInt64 = 0
        var waiters: [UInt64: Waiter] = [:]
    }

    private let state = Mutex(State())

    /// Number of signals so far.
    var count: UInt64 { state.withLock { $0.count } }

    func signal() {
        let woken = state.withLock { state in
            state.count += 1
            var woken: [CheckedContinuation<Void, Never>] = []
            for (id, waiter) in state.waiters {
                guard case .waiting(let continuation) = waiter else { continue }
                woken.append(continuation)
                state.waiters[id] = nil
            }
            return woken
        }
        for continuation in woken { continuation.resume() }
    }

    /// Returns when the count is past `seen` or the task is cancelled.
    func wait(past seen: UInt64) async {
        let id = state.withLock { state in
            state.nextID += 1
            state.waiters[state.nextID] = .arriving
            return state.nextID
        }
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isDue = state.withLock { state in
                    if case .cancelled = state.waiters[id] { return true }
                    if state.count > seen { return true }
                    state.waiters[id] = .waiting(continuation)
                    return false
                }
                if isDue { continuation.resume() }
            }
            state.withLock { $0.waiters[id] = nil }
        } onCancel: {
            leave(id)
        }
    }

    /// Ends a wait that has begun, or is about to begin; later calls do nothing.
    private func leave(_ id: UInt64) {
        let continuation = state.withLock { state -> CheckedContinuation<Void, Never>? in
            switch state.waiters[id] {
            case .waiting(let continuation):
                state.waiters[id] = nil
                return continuation
            case .arriving:
                state.waiters[id] = .cancelled
                return nil
            case .cancelled, nil:
                return nil
            }
        }
        continuation?.resume()
    }
}
