import CAllocations

/// What one operation costs, as measured over many.
struct Sample {
    let nanoseconds: Double
    let allocations: Double
    let bytes: Double

    /// Runs an operation in rounds and keeps the fastest round; the counts are those of that round.
    ///
    /// The fastest, because other work on the machine only ever adds.
    static func measure(
        rounds: Int = 7, operations: Int, _ body: (Int) throws -> Void
    ) rethrows -> Sample {
        var best: Sample?
        for round in 0...rounds {
            let blocks = catalog_allocations()
            let bytes = catalog_allocated_bytes()
            let elapsed = try ContinuousClock().measure {
                for turn in 0..<operations { try body(round * operations + turn) }
            }
            let sample = Sample(
                nanoseconds: elapsed / .nanoseconds(1) / Double(operations),
                allocations: Double(catalog_allocations() - blocks) / Double(operations),
                bytes: Double(catalog_allocated_bytes() - bytes) / Double(operations))
            // The first round only warms up.
            guard round > 0 else { continue }
            if best.map({ sample.nanoseconds < $0.nanoseconds }) ?? true { best = sample }
        }
        return best ?? Sample(nanoseconds: 0, allocations: 0, bytes: 0)
    }
}
