import Foundation
import TestSupport

/// One run of catalogctl, with what it printed and how it ended.
struct ControlRun {
    let status: Int32
    let output: String
    let errors: String

    /// Runs the built program to its end, or interrupts it once it has printed so many lines.
    init(_ arguments: [String], interruptedAfter lines: Int? = nil) async throws {
        let folder = try ServerFiles.temporaryFolder()
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let process = Process()
        process.executableURL = URL(
            fileURLWithPath: try ServerFiles.executable(named: "catalogctl"))
        process.arguments = arguments
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = try Self.file("\(folder)/output")
        process.standardError = try Self.file("\(folder)/errors")
        let watcher = lines.map { lines in
            Task {
                let end = ContinuousClock.now + .seconds(60)
                while ContinuousClock.now < end {
                    let text = try String(contentsOfFile: "\(folder)/output", encoding: .utf8)
                    if text.split(separator: "\n").count >= lines { break }
                    try await Task.sleep(for: .milliseconds(20))
                }
                if process.processIdentifier > 0 { kill(process.processIdentifier, SIGINT) }
            }
        }
        status = try await withCheckedThrowingContinuation { continuation in
            process.terminationHandler = { continuation.resume(returning: $0.terminationStatus) }
            do {
                try process.run()
            } catch {
                process.terminationHandler = nil
                continuation.resume(throwing: error)
            }
        }
        watcher?.cancel()
        output = try String(contentsOfFile: "\(folder)/output", encoding: .utf8)
        errors = try String(contentsOfFile: "\(folder)/errors", encoding: .utf8)
    }

    private static func file(_ path: String) throws -> FileHandle {
        _ = FileManager.default.createFile(atPath: path, contents: nil)
        return try FileHandle(forWritingTo: URL(fileURLWithPath: path))
    }
}
