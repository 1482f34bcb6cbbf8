import Synchronization

/// A number that only grows; hold the object, counting is one relaxed atomic addition.
package final class Counter: Sendable {
    private let value = Atomic<Int>(0)
    private let series: Series

    init(series: Series) {
        self.series = series
    }

    /// The count so far.
    package var current: Int { value.load(ordering: .relaxed) }

    /// Adds to the count.
    package func increment(by amount: Int = 1) {
        assert(amount >= 0, "a counter only grows")
        value.wrappingAdd(amount, ordering: .relaxed)
    }

    func render(into output: inout [UInt8]) {
        series.render(current, into: &output)
    }
}
