import Foundation
import Testing

@testable import LoadModel

@Suite("The report")
struct ReportTests {
    private func report(_ results: [ScenarioResult]) -> String {
        var budget = Budget()
        budget.p95Ms = 300
        return HTMLReport(results, budgets: BudgetBook(standard: budget, scenarios: [:])).html
    }

    @Test("one page holds every plot and refers to nothing outside")
    func selfContained() {
        let html = report([Samples.result()])
        #expect(html.components(separatedBy: "<svg").count - 1 == 4)
        #expect(html.components(separatedBy: "<polyline").count - 1 == 4)
        for outside in ["src=", "http:", "https:", "@import", "url(", "<script"] {
            #expect(!html.contains(outside), "\(outside)")
        }
        #expect(html.contains("A &lt;sample&gt; &amp; more"))
        #expect(!html.contains("class=\"missed\""))
    }

    @Test("a missed budget is to be seen")
    func missed() {
        #expect(report([Samples.result(latencyMs: 400)]).contains("<td class=\"missed\">missed"))
    }

    @Test("results survive their file")
    func file() throws {
        let result = Samples.result(failures: 3)
        let read = try JSONDecoder().decode(
            ScenarioResult.self, from: JSONEncoder().encode(result))
        #expect(read.reads == result.reads)
        #expect(read.timeline == result.timeline)
        #expect(read.failureRatio == 3.0 / 400)
        #expect(read.statuses == ["200": 397, "503": 3])
    }

    @Test("processor time is shared out over the answers of its slice")
    func processorTime() {
        let result = Samples.result()
        #expect(result.cpuMicrosPerRequest == 25)
        #expect(result.generatorMicrosPerRequest == 10)
        #expect(result.timeline.map(\.cpuMicrosPerRequest) == [10, 20, 30, 40])
        #expect(result.timeline.map(\.perSecond) == [100, 100, 100, 100])
    }

    @Test("a chart without points says so, and one point is enough to draw")
    func charts() {
        #expect(LineChart(title: "t", lines: []).svg.contains("no data"))
        var chart = LineChart(title: "t", lines: [LineChart.Line(name: "a", points: [(1, 5)])])
        #expect(!chart.svg.contains("nan"))
        chart.yScale = .logarithmic
        #expect(!chart.svg.contains("nan") && chart.svg.contains("<polyline"))
    }
}
