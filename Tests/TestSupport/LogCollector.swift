import CatalogModel
import Synchronization

/// The log lines of a server in the order of their arrival, with waiters for lines to come.
final class LogCollector: Sendable {
    private struct Waiter {
        let id: Int
        let matches: @Sendable (JSONValue) -> Bool
        let continuation: CheckedContinuation<JSONValue?, Never>
    }

    private struct State {
        var lines: [JSONValue] = []
        var texts: [String] = []
        var partial: [UInt8] = []
        var waiters: [Waiter] = []
        var nextWaiter = 0
        var isEnded = false
    }

    private let state = Mutex(State())

    var lines: [JSONValue] { state.withLock { $0.lines } }

    /// Every line as text, also those that are not JSON.
    var texts: [String] { state.withLock { $0.texts } }

    /// Takes bytes of the log.
    func append(_ bytes: [UInt8]) {
        let resumed = state.withLock { state in
            state.partial += bytes
            var resumed: [(Waiter, JSONValue)] = []
            while let end = state.partial.firstIndex(of: 10) {
                let line = Array(state.partial[..<end])
                state.partial.removeSubrange(...end)
                state.texts.append(String(decoding: line, as: UTF8.self))
                guard let value = try? JSONParser.parse(line) else { continue }
                state.lines.append(value)
                state.waiters.removeAll { waiter in
                    guard waiter.matches(value) else { return false }
                    resumed.append((waiter, value))
                    return true
                }
            }
            return resumed
        }
        for (waiter, value) in resumed { waiter.continuation.resume(returning: value) }
    }

    /// The log will not grow any more.
    func end() {
        let waiters = state.withLock { state in
            state.isEnded = true
            let waiters = state.waiters
            state.waiters = []
            return waiters
        }
        for waiter in waiters { waiter.continuation.resume(returning: nil) }
    }

    /// The first line from an index on that matches; nil when the log ends or the time is over.
    ///
    /// No line has the index `.max`, so that nothing but the end is waited for.
    func first(
        from index: Int, within timeout: Duration,
        where matches: @escaping @Sendable (JSONValue) -> Bool
    ) async -> JSONValue? {
        let id = state.withLock { state in
            state.nextWaiter += 1
            return state.nextWaiter
        }
        let timer = Task { [self] in
            try await Task.sleep(for: timeout)
            cancel(id)
        }
        defer { timer.cancel() }
        return await withCheckedContinuation { continuation in
            let known: JSONValue?? = state.withLock { state in
                if let line = state.lines.dropFirst(index).first(where: matches) { return line }
                if state.isEnded { return .some(nil) }
                let waiter = Waiter(id: id, matches: matches, continuation: continuation)
                state.waiters.append(waiter)
                return nil
            }
            if let known { continuation.resume(returning: known) }
        }
    }

    private func cancel(_ id: Int) {
        let waiter = state.withLock { state -> Waiter? in
            guard let index = state.waiters.firstIndex(where: { $0.id == id }) else { return nil }
            return state.waiters.remove(at: index)
        }
        waiter?.continuation.resume(returning: nil)
    }
}
