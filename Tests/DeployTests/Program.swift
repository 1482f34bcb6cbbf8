import Foundation
import Subprocess
import SystemPackage
import TestSupport
import Testing

/// One run of a program of this machine, to its end.
struct Program {
    let status: Int32
    let output: String
    let errors: String

    /// Runs a program; `status` is the negative signal for one that was ended by one.
    init(
        _ name: String, _ arguments: [String], environment: [String: String] = [:],
        outputBytes: Int = 8 << 20
    ) async throws {
        let executable: Executable = name.hasPrefix("/") ? .path(FilePath(name)) : .name(name)
        var updates: [Environment.Key: String?] = [:]
        for (key, value) in environment {
            if let key = Environment.Key(rawValue: key) { updates[key] = value }
        }
        let result = try await run(
            executable, arguments: .init(arguments), environment: .inherit.updating(updates),
            output: .string(limit: outputBytes), error: .string(limit: outputBytes))
        switch result.terminationStatus {
        case .exited(let code): status = code
        case .signaled(let signal): status = -signal
        }
        output = result.standardOutput
        errors = result.standardError
    }

    /// Runs a script of the project.
    static func script(_ name: String, _ arguments: [String]) async throws -> Program {
        try await Program("\(ServerFiles.repository)/scripts/\(name)", arguments)
    }

    /// Everything that it printed, for messages.
    var text: Comment { Comment(rawValue: "status \(status)\n\(output)\(errors)") }

    /// Sees to it that the programs which these tests run are on the machine, once.
    static func installed() async throws { try await installing.value }

    private static let installing = Task<Void, any Error> {
        let setup = try await script("setup", ["tests"])
        guard setup.status == 0 else {
            throw DeployFailure(description: "scripts/setup tests: \(setup.errors)")
        }
    }
}

/// Why a test could not go on.
struct DeployFailure: Error, CustomStringConvertible {
    let description: String
}
