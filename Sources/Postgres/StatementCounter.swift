import Synchronization

/// Counts the statements that its connections have sent.
package final class StatementCounter: Sendable {
    private let count = Atomic<Int>(0)

    package init() {}

    package var value: Int { count.load(ordering: .relaxed) }

    func add(_ statements: Int) { count.wrappingAdd(statements, ordering: .relaxed) }
}
