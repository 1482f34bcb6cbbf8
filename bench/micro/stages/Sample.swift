import CAllocations
import Glibc

/// What one operation costs, as measured over many.
struct Sample {
    /// More than anything costs.
    static let worst = Sample(nanoseconds: .infinity, allocations: .infinity, bytes: .infinity)

    /// Processor time of the process, of all its threads: work of others on the machine is not in it.
    let nanoseconds: Double
    let allocations: Double
    let bytes: Double

    /// The least of each figure of both, because other work on the machine only ever adds.
    func least(_ other: Sample) -> Sample {
        Sample(
            nanoseconds: min(nanoseconds, other.nanoseconds),
            allocations: min(allocations, other.allocations), bytes: min(bytes, other.bytes))
    }

    /// Processor time after which a round ends early: what has become slow fails soon.
    private static let roundTicks = CLOCKS_PER_SEC / 10

    /// Runs an operation many times to warm up, and as often again to measure.
    static func measure(operations: Int, _ body: (Int) throws -> Void) rethrows -> Sample {
        _ = try run(0..<operations, body)
        let blocks = catalog_allocations()
        let bytes = catalog_allocated_bytes()
        let start = clock()
        let count = Double(try run(operations..<(2 * operations), body))
        let ticks = clock() - start
        return Sample(
            nanoseconds: Double(ticks) * 1e9 / Double(CLOCKS_PER_SEC) / count,
            allocations: Double(catalog_allocations() - blocks) / count,
            bytes: Double(catalog_allocated_bytes() - bytes) / count)
    }

    /// Returns how many operations there was time for; one at least.
    private static func run(
        _ turns: Range<Int>, _ body: (Int) throws -> Void
    ) rethrows -> Int {
        let start = clock()
        var count = 0
        for turn in turns {
            try body(turn)
            count += 1
            // Only now and then, because to ask costs as much as the quickest operations do.
            if count.nonzeroBitCount == 1, clock() - start > roundTicks { break }
        }
        return count
    }
}
