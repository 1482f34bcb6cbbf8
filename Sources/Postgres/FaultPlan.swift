import Synchronization

/// Makes the n-th send, flush or receive of the connections that share it fail, for tests.
package final class FaultPlan: Sendable {
    private let failing: Int
    private let calls = Atomic<Int>(0)

    /// Lets call number `failing`, counted from 1, fail.
    package init(failing: Int) {
        precondition(failing > 0)
        self.failing = failing
    }

    /// Whether the failure has happened.
    package var hasStruck: Bool { calls.load(ordering: .relaxed) >= failing }

    /// Counts one call and tells whether it must fail.
    func strikes() -> Bool {
        calls.wrappingAdd(1, ordering: .relaxed).newValue == failing
    }
}
