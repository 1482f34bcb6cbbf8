import ArgumentParser
import Foundation
import LoadModel

/// Prints the scenarios of a file, and whether each wants an empty cache.
struct ListCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "Prints each scenario's name, and cold or warm.")

    @Argument(help: "The file of scenarios.")
    var scenarios: String

    func run() throws {
        for scenario in try Files.scenarios(scenarios) {
            print(scenario.name, scenario.coldStart == true ? "cold" : "warm")
        }
    }
}

/// Makes one HTML page and one table of results; exits with 1 when any missed its budget.
struct ReportCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "report", abstract: "Makes one page of results; exits with 1 if any missed.")

    @Option(help: "The file of budgets.")
    var budgets: String
    @Option(help: "Where the page is written.")
    var output: String
    @Argument(help: "Results as JSON.")
    var results: [String]

    func run() throws {
        let book = try Files.budgets(budgets)
        let read = try results.map(Files.result).sorted { $0.began < $1.began }
        let page = HTMLReport(read, budgets: book).html
        try Data(page.utf8).write(to: URL(filePath: output))
        print(ResultText.heading)
        var allMet = true
        for result in read {
            let verdicts = book[result.scenario.name].verdicts(on: result)
            allMet = allMet && verdicts.allSatisfy(\.isMet)
            print(ResultText.line(result, verdicts))
            for verdict in verdicts where !verdict.isMet { print(ResultText.complaint(verdict)) }
        }
        if !allMet { throw ExitCode(1) }
    }
}

/// Sums up the turns of servers side by side.
struct CompareCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "compare", abstract: "Prints medians and ratios of servers side by side.")

    @Option(help: "The servers that ratios are taken to.")
    var to: [String] = []
    @Option(help: "Where the result is written as JSON.")
    var output: String?
    @Argument(help: "Measurements, one JSON object a line.")
    var measurements: String

    func run() throws {
        let servers = Comparison.servers(try Files.measurements(measurements), against: to)
        if let output { try Files.write(servers, to: output) }
        print(Comparison.table(servers, against: to), terminator: "")
    }
}
