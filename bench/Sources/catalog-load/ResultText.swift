import Foundation
import LoadModel

/// Results as lines of a terminal.
enum ResultText {
    static var heading: String {
        let figures = ["req/s", "p50 ms", "p95 ms", "p99 ms", "max ms", "write p95"]
        let rest = ["hits", "CPU us", "failures"]
        return pad("scenario", 26) + figures.map { left($0, 10) }.joined()
            + rest.map { left($0, 9) }.joined()
    }

    static func line(_ result: ScenarioResult, _ verdicts: [Verdict]) -> String {
        let reads = result.reads
        let figures = [
            result.requestsPerSecond, reads.p50Ms, reads.p95Ms, reads.p99Ms, reads.maxMs,
        ].map(HTMLText.number)
        let writes = result.writes.count > 0 ? HTMLText.number(result.writes.p95Ms) : "-"
        let rest = [
            result.hitRatio.map(HTMLText.number) ?? "-",
            result.cpuMicrosPerRequest.map(HTMLText.number) ?? "-",
            HTMLText.number(result.failureRatio),
        ]
        return pad(result.scenario.name, 26) + (figures + [writes]).map { left($0, 10) }.joined()
            + rest.map { left($0, 9) }.joined()
            + (verdicts.allSatisfy(\.isMet) ? "  met" : "  MISSED")
    }

    static func complaint(_ verdict: Verdict) -> String {
        let value = verdict.value.map(HTMLText.number) ?? "not measured"
        let bound = verdict.isUpper ? "at most" : "at least"
        return "  missed: \(verdict.name) is \(value), \(bound) "
            + "\(HTMLText.number(verdict.limit)) was allowed"
    }

    private static func pad(_ text: String, _ width: Int) -> String {
        text + String(repeating: " ", count: max(1, width - text.count))
    }

    private static func left(_ text: String, _ width: Int) -> String {
        String(repeating: " ", count: max(1, width - text.count)) + text
    }
}
