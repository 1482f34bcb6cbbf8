import Synchronization

/// The end of a process and those who wait for it.
final class ExitState: Sendable {
    private struct State {
        var status: Int32?
        var waiters: [Int: CheckedContinuation<Int32?, Never>] = [:]
        var nextWaiter = 0
    }

    private let state = Mutex(State())

    var status: Int32? { state.withLock { $0.status } }

    func end(_ status: Int32) {
        let waiters = state.withLock { state in
            state.status = status
            let waiters = state.waiters.values
            state.waiters = [:]
            return Array(waiters)
        }
        for waiter in waiters { waiter.resume(returning: status) }
    }

    func wait(within timeout: Duration) async -> Int32? {
        let id = state.withLock { state in
            state.nextWaiter += 1
            return state.nextWaiter
        }
        let timer = Task { [self] in
            try await Task.sleep(for: timeout)
            let waiter = state.withLock { $0.waiters.removeValue(forKey: id) }
            waiter?.resume(returning: nil)
        }
        defer { timer.cancel() }
        return await withCheckedContinuation { continuation in
            let status = state.withLock { state in
                if state.status == nil { state.waiters[id] = continuation }
                return state.status
            }
            if let status { continuation.resume(returning: status) }
        }
    }
}
