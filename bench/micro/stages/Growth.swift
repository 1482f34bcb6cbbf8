/// How the cost of a stage may depend on the number of entities.
///
/// Judged by what an operation costs with few and with ten times as many. What it allocates is the
/// same in every run and so is compared closely; its time is not, and is judged so loosely that the
/// noise of a machine does not matter: it tells a lookup from a search through all.
enum Growth: Sendable {
    /// Not at all, but for the depth of the trees and what the processor's caches hold.
    case none
    /// As `none`, though with more pages the processor's caches hold fewer of those to be changed,
    /// and changes of one transaction share fewer; so it is judged more loosely.
    case pages
    /// In proportion: everything is read.
    case linear

    /// How many times as many entities there are.
    static let entities = 10.0
    /// Least growth of the time of what reads everything: were less measured, a search through all
    /// would pass for a lookup.
    private static let leastLinear = 4.0
    /// What numbers of blocks may differ by: hardly anything.
    private static let blocks = (share: 0.02, base: 0.5)
    /// What bytes may differ by: a deeper tree takes a page more to change.
    private static let bytes = (share: 0.3, base: 64.0)

    /// How many times as long an operation may take.
    private var times: ClosedRange<Double> {
        switch self {
        case .none: 0...4
        case .pages: 0...6
        case .linear: Self.leastLinear...25
        }
    }

    /// How many times as much an operation may allocate.
    private var allocations: Double {
        switch self {
        case .none, .pages: 1
        case .linear: Self.entities
        }
    }

    /// What is wrong with how a stage grows; empty if nothing is.
    func complaints(_ few: Sample, _ many: Sample) -> [String] {
        var complaints: [String] = []
        let ratio = many.nanoseconds / max(1, few.nanoseconds)
        if ratio > times.upperBound {
            complaints.append("may take \(times.upperBound) times as long at most")
        }
        if ratio < times.lowerBound {
            complaints.append("should take \(times.lowerBound) times as long at least")
        }
        let counts = [
            ("allocations", few.allocations, many.allocations, Self.blocks),
            ("bytes", few.bytes, many.bytes, Self.bytes),
        ]
        for (unit, few, many, margin) in counts
        where many > few * allocations * (1 + margin.share) + margin.base {
            complaints.append("\(unit) grow from \(few) to \(many)")
        }
        return complaints
    }
}
