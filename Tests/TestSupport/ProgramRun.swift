import Foundation

/// One run of a program to its end, with what it printed and how it ended.
package struct ProgramRun: Sendable {
    /// The exit status, or the negative signal.
    package let status: Int32
    package let output: String
    package let errors: String

    /// Runs the program at a path without input; the environment is the given one alone.
    package init(
        _ path: String, _ arguments: [String], environment: [String: String],
        directory: String = "/"
    ) async throws {
        let folder = try ServerFiles.temporaryFolder()
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let process = Process()
        process.executableURL = URL(fileURLWithPath: path)
        process.arguments = arguments
        process.environment = environment
        process.currentDirectoryURL = URL(fileURLWithPath: directory)
        process.standardInput = FileHandle.nullDevice
        // Files, not pipes: whatever the program leaves behind would keep a pipe open.
        let files = try ["output", "errors"].map { try Self.file("\(folder)/\($0)") }
        // `Process` keeps what it was given for as long as this process lives.
        defer { for file in files { try? file.close() } }
        process.standardOutput = files[0]
        process.standardError = files[1]
        status = try await withCheckedThrowingContinuation { continuation in
            process.terminationHandler = { process in
                let status = process.terminationStatus
                continuation.resume(
                    returning: process.terminationReason == .uncaughtSignal ? -status : status)
            }
            do {
                try process.run()
            } catch {
                process.terminationHandler = nil
                continuation.resume(throwing: error)
            }
        }
        output = try String(contentsOfFile: "\(folder)/output", encoding: .utf8)
        errors = try String(contentsOfFile: "\(folder)/errors", encoding: .utf8)
    }

    /// Runs a program of the search path in this process's environment; throws when it fails.
    static func succeeding(_ command: [String]) async throws {
        let run = try await ProgramRun(
            "/usr/bin/env", command, environment: ProcessInfo.processInfo.environment)
        guard run.status == 0 else {
            throw HTTPFailure(
                description: "\(command.joined(separator: " ")) failed: \(run.errors)")
        }
    }

    private static func file(_ path: String) throws -> FileHandle {
        _ = FileManager.default.createFile(atPath: path, contents: nil)
        return try FileHandle(forWritingTo: URL(fileURLWithPath: path))
    }
}
