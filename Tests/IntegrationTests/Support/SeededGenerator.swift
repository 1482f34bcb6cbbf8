import Foundation

/// Random numbers that a seed repeats (SplitMix64).
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}

/// What the environment says about a run of the tests.
enum TestSettings {
    /// Seed of everything random; the variable CATALOG_TEST_SEED repeats or varies a run.
    static var seed: UInt64 { number("CATALOG_TEST_SEED").map { UInt64($0) } ?? 20_240_607 }

    /// How often a replica is killed and started again; CATALOG_KILL_ROUNDS asks for more.
    static var killRounds: Int { number("CATALOG_KILL_ROUNDS") ?? 5 }

    /// Whether the freshness is to be measured; CATALOG_MEASURE=1 asks for it.
    static var measures: Bool { number("CATALOG_MEASURE") == 1 }

    private static func number(_ name: String) -> Int? {
        ProcessInfo.processInfo.environment[name].flatMap { Int($0) }
    }
}
