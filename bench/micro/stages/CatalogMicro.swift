import Foundation

/// Prints what each stage costs with few and with ten times as many entities, and judges both.
@main
struct CatalogMicro {
    private static let attempts = 3

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

        let many = few * Int(Growth.entities)
        let small = Stages(
            fixture: try CacheFixture(path: folder.path + "/small", count: few))
        let large = Stages(
            fixture: try CacheFixture(path: folder.path + "/large", count: many))
        print("ns of the processor, allocations and allocated bytes of one operation;")
        print("least of \(rounds) rounds")
        print(row("stage", "\(few)", "\(many)", "ratio", "allocations", "bytes"))
        var missed: [String] = []
        for stage in Stages.all {
            let samples = try paired(stage, small, large, rounds)
            let ratio = samples.large.nanoseconds / max(1, samples.small.nanoseconds)
            let allocations = max(samples.small.allocations, samples.large.allocations)
            var complaints: [String] = []
            if allocations > stage.allocations {
                complaints.append("at most \(Int(stage.allocations)) allocations are allowed")
            }
            complaints += stage.growth.complaints(samples.small, samples.large)
            if !complaints.isEmpty {
                missed.append("\(stage.name): " + complaints.joined(separator: "; "))
            }
            print(
                row(
                    stage.name, number(samples.small.nanoseconds),
                    number(samples.large.nanoseconds), String(format: "%.2f", ratio),
                    String(format: "%.1f", allocations), number(samples.large.bytes)))
        }
        for complaint in missed { print("error: \(complaint)") }
        if !missed.isEmpty { exit(1) }
    }

    /// Both sizes in turn, so that a slow spell of the machine hits both; if a stage seems to grow
    /// too much, the same again, because a spell may last.
    private static func paired(
        _ stage: Stages.Stage, _ small: Stages, _ large: Stages, _ rounds: Int
    ) throws -> (small: Sample, large: Sample) {
        var first = Sample.worst
        var second = Sample.worst
        for _ in 0..<attempts {
            for _ in 0..<rounds {
                first = first.least(try small.sample(stage))
                second = second.least(try large.sample(stage))
            }
            if stage.growth.complaints(first, second).isEmpty { break }
        }
        return (first, second)
    }

    private static func row(_ cells: String...) -> String {
        let name = cells[0] + String(repeating: " ", count: max(1, 32 - cells[0].count))
        let figures = cells[1..<6].map { String(repeating: " ", count: max(1, 14 - $0.count)) + $0 }
        return name + figures.joined()
    }

    private static func number(_ value: Double) -> String { String(format: "%.0f", value) }
}
