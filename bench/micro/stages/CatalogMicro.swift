import Foundation

/// Prints what each stage costs with few and with ten times as many entities, and judges both.
@main
struct CatalogMicro {
    static func main() throws {
        let arguments = CommandLine.arguments.dropFirst().compactMap { Int($0) }
        let few = arguments.first ?? 10_000
        let rounds = arguments.dropFirst().first ?? 7
        precondition((1_000...1_000_000).contains(few), "a thousand to a million entities")
        precondition((1...100).contains(rounds), "one to a hundred rounds")
        let folder = FileManager.default.temporaryDirectory
            .appending(path: "catalog-micro-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }

        let small = Stages(
            fixture: try CacheFixture(path: folder.path + "/small", count: few))
        let large = Stages(
            fixture: try CacheFixture(path: folder.path + "/large", count: few * 10))
        print("ns, allocations and allocated bytes of one operation; fastest of \(rounds) rounds")
        print(row("stage", "\(few)", "\(few * 10)", "ratio", "allocations", "bytes", ""))
        var missed = false
        for stage in Stages.all {
            let samples = try paired(stage, small, large, rounds)
            let ratio = samples.large.nanoseconds / max(1, samples.small.nanoseconds)
            let allocations = max(samples.small.allocations, samples.large.allocations)
            var complaints: [String] = []
            if allocations > stage.allocations {
                complaints.append("at most \(Int(stage.allocations)) allocations are allowed")
            }
            if ratio > stage.growth { complaints.append("may grow \(stage.growth) times at most") }
            missed = missed || !complaints.isEmpty
            print(
                row(
                    stage.name, number(samples.small.nanoseconds),
                    number(samples.large.nanoseconds), String(format: "%.2f", ratio),
                    String(format: "%.1f", allocations), number(samples.large.bytes),
                    complaints.joined(separator: "; ")))
        }
        if missed { exit(1) }
    }

    /// Both sizes in turn, so that a slow spell of the machine hits both.
    private static func paired(
        _ stage: Stages.Stage, _ small: Stages, _ large: Stages, _ rounds: Int
    ) throws -> (small: Sample, large: Sample) {
        var first: Sample?
        var second: Sample?
        for _ in 0..<rounds {
            first = faster(first, try small.sample(stage, rounds: 1))
            second = faster(second, try large.sample(stage, rounds: 1))
        }
        let none = Sample(nanoseconds: 0, allocations: 0, bytes: 0)
        return (first ?? none, second ?? none)
    }

    private static func faster(_ old: Sample?, _ new: Sample) -> Sample {
        guard let old, old.nanoseconds <= new.nanoseconds else { return new }
        return old
    }

    private static func row(_ cells: String...) -> String {
        let name = cells[0] + String(repeating: " ", count: max(1, 32 - cells[0].count))
        let figures = cells[1..<6].map { String(repeating: " ", count: max(1, 14 - $0.count)) + $0 }
        return name + figures.joined() + "  " + cells[6]
    }

    private static func number(_ value: Double) -> String { String(format: "%.0f", value) }
}
