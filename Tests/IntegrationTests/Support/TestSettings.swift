import Foundation

/// What the environment says about a run of the tests.
enum TestSettings {
    /// Seed of everything random; the variable CATALOG_TEST_SEED repeats or varies a run.
    static var seed: UInt64 { number("CATALOG_TEST_SEED").map { UInt64($0) } ?? 20_240_607 }

    /// How often a replica is killed and started again; CATALOG_KILL_ROUNDS asks for more.
    static var killRounds: Int { number("CATALOG_KILL_ROUNDS") ?? 5 }

    /// How often a replica is killed while jobs run; CATALOG_JOB_ROUNDS asks for more.
    static var jobRounds: Int { number("CATALOG_JOB_ROUNDS") ?? 3 }

    /// Whether the freshness is to be measured; CATALOG_MEASURE=1 asks for it.
    static var measures: Bool { number("CATALOG_MEASURE") == 1 }

    private static func number(_ name: String) -> Int? {
        ProcessInfo.processInfo.environment[name].flatMap { Int($0) }
    }
}
