import HistoryChecker
import Synchronization

/// Collects the operations of all sessions, with times of one clock.
final class Recorder: Sendable {
    private struct State {
        var operations: [Operation] = []
        var unexpected: [String] = []
        var nextValue = 0
        /// Whether sessions have to wait before their next operation.
        var isPaused = false
        var active = 0
    }

    private let start = ContinuousClock.now
    private let state = Mutex(State())

    /// Nanoseconds since the beginning.
    var now: Int64 { Int64(start.duration(to: .now) / .nanoseconds(1)) }

    /// A value that nobody has written yet.
    func value() -> String {
        state.withLock { state in
            state.nextValue += 1
            return "v\(state.nextValue)"
        }
    }

    var operations: [Operation] { state.withLock { $0.operations } }

    var unexpected: [String] { state.withLock { $0.unexpected } }

    /// Adds an operation; it gets its number here.
    func add(_ operation: (_ id: Int) -> Operation) {
        state.withLock { $0.operations.append(operation($0.operations.count)) }
    }

    /// Notes an answer that no rule of the contract explains.
    func addUnexpected(_ text: String) { state.withLock { $0.unexpected.append(text) } }

    // MARK: Quiet

    /// Whether a session may begin its next operation; then it is counted as active.
    func begin() -> Bool {
        state.withLock { state in
            if state.isPaused { return false }
            state.active += 1
            return true
        }
    }

    func end() { state.withLock { $0.active -= 1 } }

    var isQuiet: Bool { state.withLock { $0.isPaused && $0.active == 0 } }

    var isPaused: Bool { state.withLock { $0.isPaused } }

    func pause() { state.withLock { $0.isPaused = true } }

    func resume() { state.withLock { $0.isPaused = false } }
}
