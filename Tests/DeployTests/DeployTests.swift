import Foundation
import TestSupport
import Testing

/// What `deploy/` holds, against the programs that will read it and the server that it is for.
@Suite("Deployment", .serialized, .timeLimit(.minutes(10)))
struct DeployTests {
    /// The text of a file of the project.
    static func text(_ path: String) throws -> String {
        try String(contentsOfFile: "\(ServerFiles.repository)/\(path)", encoding: .utf8)
    }

    /// The settings of the server, as it prints them.
    static func settings() async throws -> Set<String> {
        let server = try ServerFiles.executable(named: "catalog-server")
        let printed = try await Program(
            server, ["--print-config"], environment: ["DATABASE_DSN": "host=/nowhere dbname=x"])
        try #require(printed.status == 0, printed.text)
        let names = printed.output.split(separator: "\n").compactMap { line in
            line.hasPrefix("#") ? nil : line.firstIndex(of: "=").map { String(line[..<$0]) }
        }
        try #require(names.count > 30)
        return Set(names)
    }

    /// Asks again and again until something holds.
    static func eventually(
        within timeout: Duration = .seconds(30), _ what: String,
        holds: () async throws -> Bool
    ) async throws {
        let end = ContinuousClock.now + timeout
        while try await !holds() {
            guard ContinuousClock.now < end else {
                throw DeployFailure(description: "not in time: \(what)")
            }
            try await Task.sleep(for: .milliseconds(50))
        }
    }
}
