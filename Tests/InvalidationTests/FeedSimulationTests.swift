import Foundation
import Testing

@testable import Invalidation

@Suite("The feed under random schedules")
struct FeedSimulationTests {
    private static let environment = ProcessInfo.processInfo.environment
    private static let steps = 150

    /// What the schedule of a seed breaks, or nil.
    private func violation(seed: UInt64, fault: FeedSimulation.Fault? = nil) -> String? {
        var simulation = FeedSimulation(seed: seed, fault: fault)
        do {
            try simulation.run(steps: Self.steps)
            return nil
        } catch {
            return "\(error)"
        }
    }

    @Test func keepsItsPromises() {
        if let seed = Self.environment["CATALOG_SEED"].flatMap(UInt64.init) {
            #expect(violation(seed: seed) == nil, "CATALOG_SEED=\(seed)")
            return
        }
        let count = Self.environment["CATALOG_SIMULATION_SEEDS"].flatMap(UInt64.init) ?? 1_200
        var failures = 0
        for seed in 0..<count where failures < 5 {
            guard let violation = violation(seed: seed) else { continue }
            failures += 1
            Issue.record("CATALOG_SEED=\(seed): \(violation)")
        }
    }

    @Test(arguments: FeedSimulation.Fault.allCases)
    func noticesABrokenShell(_ fault: FeedSimulation.Fault) {
        let found = (0..<200).first { violation(seed: $0, fault: fault) != nil }
        #expect(found != nil, "nothing noticed \(fault)")
    }
}
