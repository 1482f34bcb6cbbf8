import Synchronization

/// A number that goes up and down; setting it is one relaxed atomic store.
package final class Gauge: Sendable {
    private let value = Atomic<Int>(0)
    private let series: Series

    init(series: Series) {
        self.series = series
    }

    /// The value now.
    package var current: Int { value.load(ordering: .relaxed) }

    /// Replaces the value.
    package func set(_ newValue: Int) {
        value.store(newValue, ordering: .relaxed)
    }

    /// Adds to the value; a negative amount takes away.
    package func add(_ amount: Int) {
        value.wrappingAdd(amount, ordering: .relaxed)
    }

    func render(into output: inout [UInt8]) {
        series.render(current, into: &output)
    }
}
