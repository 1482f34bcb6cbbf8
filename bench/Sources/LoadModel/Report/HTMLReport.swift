import Foundation

/// The results of a run as one page that needs no other file.
package struct HTMLReport: Sendable {
    private let results: [ScenarioResult]
    private let budgets: BudgetBook

    package init(_ results: [ScenarioResult], budgets: BudgetBook) {
        self.results = results
        self.budgets = budgets
    }

    package var html: String {
        var page = "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\">"
        page += "<meta name=\"viewport\" content=\"width=device-width\">"
        page += "<title>catalog-server under load</title><style>\(Self.style)</style></head><body>"
        page += "<h1>catalog-server under load</h1>"
        if let first = results.first {
            let began = first.began.formatted(.iso8601)
            page += "<p>\(HTMLText.escaped(first.machine.description)); begun \(began).</p>"
        }
        page += "<p>Latencies of an open loop count from the time at which each request was due, "
        page += "so that a stall counts for all requests that it held up.</p>"
        page += overview
        for result in results { page += section(result) }
        return page + "</body></html>\n"
    }

    private var overview: String {
        var table = "<table><thead><tr><th>scenario</th><th>requests/s</th><th>p50 ms</th>"
        table += "<th>p95 ms</th><th>p99 ms</th><th>max ms</th><th>write p95 ms</th>"
        table += "<th>hit ratio</th><th>CPU µs</th><th>failures</th><th>budget</th></tr></thead>"
        for result in results {
            let isMet = verdicts(result).allSatisfy(\.isMet)
            let name = HTMLText.escaped(result.scenario.name)
            let cells = [
                HTMLText.number(result.requestsPerSecond), HTMLText.number(result.reads.p50Ms),
                HTMLText.number(result.reads.p95Ms), HTMLText.number(result.reads.p99Ms),
                HTMLText.number(result.reads.maxMs),
                result.writes.count > 0 ? HTMLText.number(result.writes.p95Ms) : "–",
                result.hitRatio.map { HTMLText.number($0) } ?? "–",
                result.cpuMicrosPerRequest.map { HTMLText.number($0) } ?? "–",
                HTMLText.number(result.failureRatio),
            ]
            table += "<tr><td><a href=\"#\(name)\">\(name)</a></td>"
            table += cells.map { "<td>\($0)</td>" }.joined()
            table += Self.mark(isMet) + "</tr>"
        }
        return table + "</table>"
    }

    private func verdicts(_ result: ScenarioResult) -> [Verdict] {
        budgets[result.scenario.name].verdicts(on: result)
    }

    private func section(_ result: ScenarioResult) -> String {
        let scenario = result.scenario
        var html = "<section id=\"\(HTMLText.escaped(scenario.name))\">"
        html += "<h2>\(HTMLText.escaped(scenario.name))</h2>"
        html += "<p>\(HTMLText.escaped(scenario.title))</p><p>\(HTMLText.escaped(facts(scenario)))"
        html += "</p><div class=\"charts\">"
        html += Self.latencies(result, budget: budgets[scenario.name]).svg
        html += Self.overTime(result, "answers a second") { $0.perSecond }.svg
        html += Self.overTime(result, "hit ratio") { $0.hitRatio }.svg
        html += Self.overTime(result, "server CPU µs per request") { $0.cpuMicrosPerRequest }.svg
        html += "</div>" + operations(result) + limits(result)
        return html + "</section>"
    }

    private func facts(_ scenario: Scenario) -> String {
        var facts = ["\(scenario.loop.rawValue) loop", "\(scenario.connections) connections"]
        if let rate = scenario.rate { facts.append("\(HTMLText.number(rate)) requests/s due") }
        facts.append("\(scenario.namespaces) namespaces of \(scenario.keys) keys")
        facts.append("Zipf \(HTMLText.number(scenario.zipf))")
        if let writes = scenario.writesPerSecond {
            facts.append("\(HTMLText.number(writes)) writes/s beside")
        }
        if scenario.coldStart == true { facts.append("empty cache at the start") }
        facts.append("\(HTMLText.number(scenario.seconds)) s")
        return facts.joined(separator: ", ")
    }

    private static func latencies(_ result: ScenarioResult, budget: Budget) -> LineChart {
        // Each step to the right leaves a tenth of the requests of the one before.
        func place(_ percentile: Double) -> Double { -log10(1 - percentile / 100) }
        var chart = LineChart(
            title: "read latency by percentile, ms",
            lines: [
                LineChart.Line(
                    name: "reads", points: result.curve.map { (place($0.percentile), $0.ms) })
            ])
        chart.yScale = .logarithmic
        chart.xMarks = [0, 50, 90, 99, 99.9, 99.99, 99.999].map {
            LineChart.Mark(value: place($0), text: "\(HTMLText.number($0))%")
        }
        chart.limit = budget.p95Ms.map {
            LineChart.Mark(value: $0, text: "budget of p95: \(HTMLText.number($0)) ms")
        }
        return chart
    }

    private static func overTime(
        _ result: ScenarioResult, _ title: String,
        _ figure: (ScenarioResult.TimeSlice) -> Double?
    ) -> LineChart {
        let points = result.timeline.compactMap { slice in
            figure(slice).map { (x: slice.second, y: $0) }
        }
        return LineChart(
            title: "\(title), over seconds", lines: [LineChart.Line(name: title, points: points)])
    }

    private func operations(_ result: ScenarioResult) -> String {
        var table = "<table><thead><tr><th>operation</th><th>count</th><th>p50 ms</th>"
        table += "<th>p95 ms</th><th>p99 ms</th><th>p99.9 ms</th><th>max ms</th></tr></thead>"
        for operation in Operation.allCases {
            guard let summary = result.operations[operation] else { continue }
            let cells = [
                summary.p50Ms, summary.p95Ms, summary.p99Ms, summary.p999Ms, summary.maxMs,
            ]
            table += "<tr><td>\(operation.rawValue)</td><td>\(summary.count)</td>"
            table += cells.map { "<td>\(HTMLText.number($0))</td>" }.joined() + "</tr>"
        }
        return table + "</table>"
    }

    private func limits(_ result: ScenarioResult) -> String {
        var table = "<table><thead><tr><th>budget</th><th>limit</th><th>measured</th>"
        table += "<th></th></tr></thead>"
        for verdict in verdicts(result) {
            let bound = (verdict.isUpper ? "≤ " : "≥ ") + HTMLText.number(verdict.limit)
            table += "<tr><td>\(HTMLText.escaped(verdict.name))</td><td>\(bound)</td>"
            table += "<td>\(verdict.value.map { HTMLText.number($0) } ?? "–")</td>"
            table += Self.mark(verdict.isMet) + "</tr>"
        }
        return table + "</table>"
    }

    private static func mark(_ isMet: Bool) -> String {
        isMet ? "<td class=\"met\">met</td>" : "<td class=\"missed\">missed</td>"
    }

    private static let style = """
        :root { color-scheme: light dark; }
        body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 70rem;
          padding: 0 1rem; }
        table { border-collapse: collapse; margin: 1rem 0; font-variant-numeric: tabular-nums; }
        th, td { padding: .25rem .7rem; text-align: right; border-bottom: 1px solid #8884; }
        th:first-child, td:first-child { text-align: left; }
        .met { color: #059669; } .missed { color: #dc2626; font-weight: 600; }
        .charts { display: grid; grid-template-columns: repeat(auto-fit, minmax(26rem, 1fr));
          gap: 1rem; }
        svg { width: 100%; } svg text { font-size: 11px; fill: currentColor; }
        svg .title { font-size: 13px; font-weight: 600; } svg .grid { stroke: #8883; }
        svg line.limit { stroke: #dc2626; stroke-dasharray: 5 4; }
        svg text.limit { fill: #dc2626; }
        """
}
