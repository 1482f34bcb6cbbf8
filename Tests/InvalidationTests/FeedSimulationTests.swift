import Foundation
import Testing

@testable import Invalidation

/// CATALOG_SEED repeats one schedule, with CATALOG_MUTANT under a mutant of that name;
/// CATALOG_SIMULATION_SEEDS says how many schedules to run, for instance a million.
@Suite("The feed under random schedules")
struct FeedSimulationTests {
    private static let environment = ProcessInfo.processInfo.environment
    private static let steps = 150
    /// Schedules of the machine as it is.
    private static var seeds: UInt64 { number("CATALOG_SIMULATION_SEEDS") ?? 3_000 }
    /// Schedules within which each mutant has to be noticed; most are within fifty.
    private static let mutantSeeds: UInt64 = 10_000

    private static func number(_ name: String) -> UInt64? {
        environment[name].flatMap(UInt64.init)
    }

    /// What the schedule of a seed breaks, or nil.
    private func violation(
        seed: UInt64, fault: FeedSimulation.Fault? = nil,
        mutation: MutantMachine.Mutation? = nil
    ) -> String? {
        var simulation = FeedSimulation(seed: seed, fault: fault, mutation: mutation)
        do {
            try simulation.run(steps: Self.steps)
            return nil
        } catch {
            return "\(error)"
        }
    }

    @Test("every promise is kept")
    func keepsItsPromises() {
        if let seed = Self.number("CATALOG_SEED") {
            let mutant = Self.environment["CATALOG_MUTANT"] ?? ""
            let found = violation(
                seed: seed, fault: FeedSimulation.Fault(rawValue: mutant),
                mutation: MutantMachine.Mutation(rawValue: mutant))
            #expect(found == nil, "CATALOG_SEED=\(seed) CATALOG_MUTANT=\(mutant)")
            return
        }
        var failures = 0
        for seed in 0..<Self.seeds where failures < 5 {
            guard let violation = violation(seed: seed) else { continue }
            failures += 1
            Issue.record("CATALOG_SEED=\(seed): \(violation)")
        }
    }

    /// A test of the test: what no schedule notices, the schedules do not guard.
    @Test("a shell that breaks a rule is noticed", arguments: FeedSimulation.Fault.allCases)
    func noticesABrokenShell(_ fault: FeedSimulation.Fault) {
        expectNoticed(fault.rawValue) { violation(seed: $0, fault: fault) }
    }

    @Test("a machine that breaks a rule is noticed", arguments: MutantMachine.Mutation.allCases)
    func noticesABrokenMachine(_ mutation: MutantMachine.Mutation) {
        expectNoticed(mutation.rawValue) { violation(seed: $0, mutation: mutation) }
    }

    private func expectNoticed(_ mutant: String, by violation: (UInt64) -> String?) {
        for seed in 0..<Self.mutantSeeds {
            guard let found = violation(seed) else { continue }
            print("CATALOG_SEED=\(seed) CATALOG_MUTANT=\(mutant): \(found)")
            return
        }
        Issue.record("nothing noticed \(mutant)")
    }
}
