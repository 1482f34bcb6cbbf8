import Foundation

/// How long, with which seed and with which faults a run goes.
struct ChaosSettings: Sendable {
    /// Seeds of the short runs that every check of the project makes.
    static let standardSeeds: [UInt64] = [1]

    let seed: UInt64
    /// How long faults are made; nil for one of each kind.
    let seconds: Int?
    let faults: [Fault]

    /// The runs that the environment asks for: CATALOG_SEED, CATALOG_CHAOS_SECONDS and
    /// CATALOG_CHAOS_FAULTS, a list of kinds by commas.
    static var all: [ChaosSettings] {
        let environment = ProcessInfo.processInfo.environment
        let seconds = environment["CATALOG_CHAOS_SECONDS"].flatMap { Int($0) }
        let named = environment["CATALOG_CHAOS_FAULTS"].map { text in
            text.split(separator: ",").compactMap { Fault(rawValue: String($0)) }
        }
        let seeds = environment["CATALOG_SEED"].flatMap { UInt64($0) }.map { [$0] }
        return (seeds ?? standardSeeds).map { seed in
            ChaosSettings(seed: seed, seconds: seconds, faults: named ?? Fault.possible)
        }
    }
}

/// What goes wrong.
enum Fault: String, CaseIterable, Sendable {
    /// SIGKILL for a replica, which is started again.
    case kill
    /// SIGSTOP for a replica, and SIGCONT.
    case pause
    /// Postgres is stopped in good order and started again.
    case restart
    /// Postgres is stopped as by a crash and started again.
    case crash
    /// All connections between a replica and Postgres are closed.
    case cut
    /// Everything between a replica and Postgres takes its time.
    case delay
    /// Nothing gets through between a replica and Postgres, and nobody is told.
    case blackhole
    /// As `blackhole`, but Postgres still hears the replica.
    case deaf
    /// The file system of a replica's cache is full.
    case disk
    /// The primary is lost; a standby that lags takes its place.
    case promote

    static var possible: [Fault] { allCases.filter { $0 != .disk || ChaosSite.canFillDisk } }
}
