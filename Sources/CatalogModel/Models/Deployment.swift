/// What one performance artifact says about serving a load: how fast, and how much hardware.
///
/// A figure that is missing or cannot be is nil.
package struct Deployment: Hashable, Sendable {
    package let latency: Double?
    package let hardwareType: String
    package let hardwareCount: Double?
    /// Requests a second of one replica; 1 where the artifact does not say.
    package let requestRate: Double
    /// Replicas that the load needs, at least one.
    package let replicas: Int64

    /// Reads the figures of an artifact.
    package init(_ artifact: Artifact, _ options: PerformanceOptions) {
        latency = Self.positive(artifact.customValue(options.latency))
        hardwareType = artifact.customValue(options.hardwareType).text ?? ""
        hardwareCount = Self.positive(artifact.customValue(options.hardwareCount))
        requestRate = Self.positive(artifact.customValue(options.requestRate)) ?? 1
        let needed = (Double(options.load ?? 1) / requestRate).rounded(.up)
        // A tiny rate must not ask for more than a number can count.
        replicas = needed < 9e18 ? max(1, Int64(needed)) : Int64.max
    }

    /// Pieces of hardware for the whole load.
    package var cost: Double { (hardwareCount ?? 1) * Double(replicas) }

    /// Requests a second of all replicas.
    package var totalRate: Double { Double(replicas) * requestRate }

    private static func positive(_ value: FieldValue) -> Double? {
        switch value {
        case .integer(let number) where number > 0: Double(number)
        case .double(let number) where number > 0 && number.isFinite: number
        default: nil
        }
    }

    /// Whether this one is faster; less hardware decides between equally fast ones.
    fileprivate func precedes(_ other: Deployment) -> Bool {
        let (left, right) = (latency ?? .infinity, other.latency ?? .infinity)
        guard left == right else { return left < right }
        return (hardwareCount ?? 1) < (other.hardwareCount ?? 1)
    }

    /// Whether this one is so much faster than a cheaper one that it is worth its price.
    fileprivate func improves(on cheaper: Deployment) -> Bool {
        guard let latency else { return false }
        guard let known = cheaper.latency else { return true }
        let margin = known <= 100 ? 0.10 : 0.05
        return (known - latency) / known > margin
    }
}

/// Chooses among deployments those that are worth a choice: faster ones cost more, cheaper ones are
/// slower.
package enum Recommendation {
    /// The positions of the recommended ones, ascending; linear but for sorting.
    ///
    /// For each type of hardware: from the fastest on whatever is cheaper than the last one kept,
    /// and of those, from the cheapest on, whatever is clearly faster than the last one kept.
    package static func positions(_ deployments: [Deployment]) -> [Int] {
        let groups = Dictionary(grouping: deployments.indices) { deployments[$0].hardwareType }
        return groups.values.flatMap { group in
            let sorted = group.sorted {
                if deployments[$0].precedes(deployments[$1]) { return true }
                return !deployments[$1].precedes(deployments[$0]) && $0 < $1
            }
            let frontier = kept(sorted) { deployments[$0].cost < deployments[$1].cost }
            return kept(frontier.reversed()) { deployments[$0].improves(on: deployments[$1]) }
        }.sorted()
    }

    /// The lowest latency that is recommended; nil where no artifact has one.
    package static func lowestLatency(
        of artifacts: [Artifact], _ options: PerformanceOptions
    ) -> Double? {
        let deployments = artifacts.filter(\.isPerformance).map { Deployment($0, options) }
        return positions(deployments).compactMap { deployments[$0].latency }.min()
    }

    /// The first one, and whatever is better than the last one kept.
    private static func kept(_ positions: [Int], isBetter: (Int, Int) -> Bool) -> [Int] {
        var kept: [Int] = []
        for position in positions {
            if let last = kept.last, !isBetter(position, last) { continue }
            kept.append(position)
        }
        return kept
    }
}
