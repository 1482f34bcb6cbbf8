import Synchronization

/// Makes the n-th call into the library fail, so that tests can walk through every failure.
///
/// A test arms the plan with 1, 2, 3 … until a run ends with `injected == nil`.
package final class FaultPlan: Sendable {
    /// A place where a failure can be put in.
    package enum Point: String, Sendable {
        case beginRead, beginWrite, get, put, delete, clear, openCursor, moveCursor, openTable
        case commit, resize, sync
    }

    private struct State: Sendable {
        var callsLeft = 0
        var number: Int32 = 0
        var injected: Point?
    }

    private let state = Mutex(State())

    package init() {}

    /// Lets the call number `call`, counted from 1, fail with `code`, once.
    package func arm(call: Int, code: StorageError.Code) {
        precondition(call > 0, "calls are counted from 1")
        precondition(code.number != 0, "the code must have a number")
        state.withLock { $0 = State(callsLeft: call, number: code.number) }
    }

    /// Lets every call through again.
    package func disarm() {
        state.withLock { $0.callsLeft = 0 }
    }

    /// Where the failure struck since the plan was armed.
    package var injected: Point? {
        state.withLock { $0.injected }
    }

    /// The number that this call must fail with, or 0.
    func strike(_ point: Point) -> Int32 {
        state.withLock { state in
            guard state.callsLeft > 0 else { return 0 }
            state.callsLeft -= 1
            guard state.callsLeft == 0 else { return 0 }
            state.injected = point
            return state.number
        }
    }
}

extension Optional<FaultPlan> {
    /// Runs a call unless the plan wants it to fail.
    func around(_ point: FaultPlan.Point, _ call: () -> Int32) -> Int32 {
        guard let self else { return call() }
        let number = self.strike(point)
        return number == 0 ? call() : number
    }
}
