import ArgumentParser
import Foundation
import LoadGenerator
import LoadModel

/// Runs one scenario and exits with 1 when it misses its budget.
struct RunCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run", abstract: "Runs one scenario; exits with 1 when a budget is missed.")

    @Option(help: "The file of scenarios.")
    var scenarios: String
    @Option(help: "The file of budgets.")
    var budgets: String
    @Option(help: "The scenario's name.")
    var scenario: String
    @Option(help: "The server's address.")
    var host = "127.0.0.1"
    @Option(help: "The server's port.")
    var port: Int
    @Option(help: "Processes whose processor time counts as the server's.")
    var pid: [Int] = []
    @Option(help: "Where the result is written as JSON.")
    var output: String?
    @Option(help: "Threads of the generator.")
    var threads = 1
    @Option(help: "A header of every request, Name: value.")
    var header: [String] = []
    @Option(help: "Seconds instead of the scenario's.")
    var seconds: Double?
    @Option(help: "Requests a second instead of the scenario's.")
    var rate: Double?
    @Option(help: "Connections instead of the scenario's.")
    var connections: Int?

    func validate() throws {
        guard (1...64).contains(threads) else {
            throw ValidationError("threads must be 1 to 64")
        }
        guard (1...65_535).contains(port) else {
            throw ValidationError("port must be 1 to 65535")
        }
        guard header.allSatisfy({ $0.contains(": ") && !$0.contains { $0.isNewline } }) else {
            throw ValidationError("a header is Name: value on one line")
        }
    }

    func run() async throws {
        guard var chosen = try Files.scenarios(scenarios).first(where: { $0.name == scenario })
        else { throw ValidationError("\(scenarios) has no scenario \(scenario)") }
        chosen.seconds = seconds ?? chosen.seconds
        chosen.rate = rate ?? chosen.rate
        chosen.connections = connections ?? chosen.connections
        try chosen.check()
        let budget = try Files.budgets(budgets)[chosen.name]
        let result = try await LoadRun(
            scenario: chosen, host: host, port: port, processes: pid, threads: threads,
            headers: header
        ).result()
        if let output { try Files.write(result, to: output) }
        let verdicts = budget.verdicts(on: result)
        print(ResultText.line(result, verdicts))
        for verdict in verdicts where !verdict.isMet { print(ResultText.complaint(verdict)) }
        if !verdicts.allSatisfy(\.isMet) { throw ExitCode(1) }
    }
}
