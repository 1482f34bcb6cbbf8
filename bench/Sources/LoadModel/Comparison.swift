import Foundation

/// One turn of one server in a comparison, as `bench/compare` writes it, one JSON object a line.
package struct Turn: Codable, Sendable, Hashable {
    /// What is asked for: servers are compared within one of these.
    package let workload: String
    package let subject: String
    package let round: Int
    package let requests: Int
    package let requestsPerSecond: Double
    /// Processor time of the server's processes, user and system, for each request.
    package let cpuMicrosPerRequest: Double
    package let p50Ms: Double
    package let p99Ms: Double
    package let failures: Int
}

/// The medians of all turns of one server, and how they stand to others of the same workload.
package struct ComparedServer: Codable, Sendable, Hashable {
    package let workload: String
    package let subject: String
    package let rounds: Int
    package let requestsPerSecond: Double
    package let cpuMicrosPerRequest: Double
    package let p50Ms: Double
    package let p99Ms: Double
    package let failures: Int
    /// Medians over the rounds of this one's requests a second by the other's in the same round.
    package var throughputRatios: [String: Double] = [:]
    /// The same for the processor time of a request.
    package var cpuRatios: [String: Double] = [:]
    package var p99Ratios: [String: Double] = [:]
}

/// Turns measurements into a table.
package enum Comparison {
    /// Sums up the measurements, in the order in which workloads and subjects first occur.
    ///
    /// Ratios are taken within a round, because other load of the machine hits its neighbours alike.
    package static func servers(
        _ measurements: [Turn], against references: [String]
    ) -> [ComparedServer] {
        var order: [(workload: String, subject: String)] = []
        for one in measurements
        where !order.contains(where: { $0 == (one.workload, one.subject) }) {
            order.append((one.workload, one.subject))
        }
        return order.map { workload, subject in
            let turns = measurements.filter { $0.workload == workload && $0.subject == subject }
            var server = ComparedServer(
                workload: workload, subject: subject, rounds: turns.count,
                requestsPerSecond: median(turns.map(\.requestsPerSecond)),
                cpuMicrosPerRequest: median(turns.map(\.cpuMicrosPerRequest)),
                p50Ms: median(turns.map(\.p50Ms)), p99Ms: median(turns.map(\.p99Ms)),
                failures: turns.reduce(0) { $0 + $1.failures })
            for reference in references {
                let others = measurements.filter {
                    $0.workload == workload && $0.subject == reference
                }
                server.throughputRatios[reference] = ratio(turns, others, \.requestsPerSecond)
                server.cpuRatios[reference] = ratio(turns, others, \.cpuMicrosPerRequest)
                server.p99Ratios[reference] = ratio(turns, others, \.p99Ms)
            }
            return server
        }
    }

    /// The middle value; the lower one of two middle values; 0 of nothing.
    package static func median(_ values: [Double]) -> Double {
        guard !values.isEmpty else { return 0 }
        return values.sorted()[(values.count - 1) / 2]
    }

    private static func ratio(
        _ turns: [Turn], _ others: [Turn], _ figure: (Turn) -> Double
    ) -> Double? {
        let ratios = turns.compactMap { turn -> Double? in
            guard let other = others.first(where: { $0.round == turn.round }), figure(other) > 0
            else { return nil }
            return figure(turn) / figure(other)
        }
        return ratios.isEmpty ? nil : median(ratios)
    }

    /// The table in Markdown, one section a workload.
    package static func table(_ servers: [ComparedServer], against references: [String]) -> String {
        var lines: [String] = []
        var workload = ""
        for server in servers {
            if server.workload != workload {
                workload = server.workload
                if !lines.isEmpty { lines.append("") }
                lines += heading(workload, references)
            }
            var cells = [
                server.subject, number(server.requestsPerSecond, 0),
                number(server.cpuMicrosPerRequest, 1), number(server.p50Ms, 2),
                number(server.p99Ms, 2), "\(server.failures)",
            ]
            for reference in references {
                let rate = server.throughputRatios[reference].map { number($0, 2) } ?? "–"
                let cpu = server.cpuRatios[reference].map { number($0, 2) } ?? "–"
                cells.append("\(rate) / \(cpu)")
            }
            lines.append("| " + cells.joined(separator: " | ") + " |")
        }
        return lines.joined(separator: "\n") + "\n"
    }

    private static func heading(_ workload: String, _ references: [String]) -> [String] {
        let titles =
            ["\(workload)", "requests/s", "CPU µs", "p50 ms", "p99 ms", "failures"]
            + references.map { "req/s, CPU to \($0)" }
        let rules = titles.indices.map { $0 == 0 ? "---" : "---:" }
        return [titles, rules].map { "| " + $0.joined(separator: " | ") + " |" }
    }

    private static func number(_ value: Double, _ digits: Int) -> String {
        String(format: "%.\(digits)f", value)
    }
}
