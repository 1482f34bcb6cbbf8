import Foundation
import Testing

@testable import LoadModel

@Suite("Servers side by side")
struct ComparisonTests {
    private func turn(_ subject: String, _ round: Int, rate: Double, cpu: Double) -> Turn {
        Turn(
            workload: "get", subject: subject, round: round, requests: 100,
            requestsPerSecond: rate, cpuMicrosPerRequest: cpu, p50Ms: 1, p99Ms: 2, failures: 0)
    }

    @Test("ratios are medians of ratios within a round")
    func ratios() throws {
        // The machine is three times slower in the second round, for both.
        let turns = [
            turn("nginx", 1, rate: 60, cpu: 16), turn("ours", 1, rate: 120, cpu: 8),
            turn("nginx", 2, rate: 20, cpu: 48), turn("ours", 2, rate: 40, cpu: 24),
            turn("nginx", 3, rate: 60, cpu: 16), turn("ours", 3, rate: 126, cpu: 8),
        ]
        let servers = Comparison.servers(turns, against: ["nginx", "nobody"])
        let ours = try #require(servers.last)
        #expect(servers.map(\.subject) == ["nginx", "ours"])
        #expect(ours.throughputRatios == ["nginx": 2])
        #expect(ours.cpuRatios == ["nginx": 0.5])
        #expect(ours.requestsPerSecond == 120)
        #expect(ours.rounds == 3)
    }

    @Test("the table has a row for each server and a dash where there is nothing to compare with")
    func table() {
        let servers = Comparison.servers(
            [turn("ours", 1, rate: 1_000, cpu: 8)], against: ["nginx"])
        let lines = Comparison.table(servers, against: ["nginx"]).split(separator: "\n")
        #expect(lines.count == 3)
        #expect(lines[2] == "| ours | 1000 | 8.0 | 1.00 | 2.00 | 0 | – / – |")
    }

    @Test("the median of an even number is the lower one of the middle")
    func median() {
        #expect(Comparison.median([4, 1, 3, 2]) == 2)
        #expect(Comparison.median([]) == 0)
    }
}
