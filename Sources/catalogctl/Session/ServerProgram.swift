import Foundation

/// The server's program on this machine.
enum ServerProgram {
    /// What one run of it printed, and how it ended.
    struct Run {
        let status: Int32
        let output: String
        /// The last line that it printed to standard error, without its mark.
        let problem: String
    }

    /// The program beside this one, or the first in PATH.
    static var path: String? {
        let name = "catalog-server"
        let own = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
        let beside = own.map { URL(fileURLWithPath: $0).deletingLastPathComponent().path }
        let searched = ProcessInfo.processInfo.environment["PATH"] ?? ""
        let folders = [beside].compactMap(\.self) + searched.split(separator: ":").map(String.init)
        return folders.map { "\($0)/\(name)" }.first { path in
            let resolved = URL(fileURLWithPath: path).resolvingSymlinksInPath().path
            let facts = try? FileManager.default.attributesOfItem(atPath: resolved)
            return facts?[.type] as? FileAttributeType == .typeRegular
                && FileManager.default.isExecutableFile(atPath: resolved)
        }
    }

    /// Runs it to its end in the environment of this process.
    static func run(_ program: String, _ arguments: [String]) async throws -> Run {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: program)
        process.arguments = arguments
        process.standardInput = FileHandle.nullDevice
        let output = Pipe()
        let errors = Pipe()
        process.standardOutput = output
        process.standardError = errors
        try process.run()
        // What it prints fits into a pipe, so reading one after the other does not hold it up.
        let text = String(
            decoding: try output.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self)
        let complaint = String(
            decoding: try errors.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self)
        process.waitUntilExit()
        let last = complaint.split(separator: "\n").last.map(String.init) ?? ""
        let mark = "Error: "
        return Run(
            status: process.terminationStatus, output: text,
            problem: last.hasPrefix(mark) ? String(last.dropFirst(mark.count)) : last)
    }
}
