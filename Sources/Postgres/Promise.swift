import Synchronization

/// A value that arrives once; the first delivery wins, later ones are told so.
///
/// This is how cancellation stays out of the pipeline: the waiter leaves with its own value and
/// the answer, when it comes, finds the promise taken.
final class Promise<Value: Sendable>: Sendable {
    private enum State {
        case empty
        case waiting(CheckedContinuation<Value, Never>)
        case delivered(Value)
    }

    private let state = Mutex<State>(.empty)

    /// Delivers the value; false if another delivery came first.
    @discardableResult
    func deliver(_ value: Value) -> Bool {
        let (isFirst, waiter) = state.withLock {
            state -> (Bool, CheckedContinuation<Value, Never>?) in
            switch state {
            case .delivered: return (false, nil)
            case .empty:
                state = .delivered(value)
                return (true, nil)
            case .waiting(let continuation):
                state = .delivered(value)
                return (true, continuation)
            }
        }
        waiter?.resume(returning: value)
        return isFirst
    }

    /// Whether a value is there.
    var isDelivered: Bool {
        state.withLock { if case .delivered = $0 { true } else { false } }
    }

    /// Waits for the value; a cancelled task delivers its own.
    ///
    /// There may be one waiter only.
    func value(cancelled: @autoclosure @escaping @Sendable () -> Value) async -> Value {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let ready = state.withLock { state -> Value? in
                    switch state {
                    case .delivered(let value): return value
                    case .waiting: preconditionFailure("a promise has one waiter")
                    case .empty:
                        state = .waiting(continuation)
                        return nil
                    }
                }
                if let ready { continuation.resume(returning: ready) }
            }
        } onCancel: {
            deliver(cancelled())
        }
    }
}

extension Promise where Value == Void {
    /// Waits until delivered or the task is cancelled.
    func wait() async { await value(cancelled: ()) }
}
