import Foundation
import TestSupport

/// A program in the foreground with a configuration of its own; it ends with the value.
final class LocalProgram: Sendable {
    /// Where its configuration lies and whatever it writes.
    let folder: String
    private let processIdentifier: Int32

    /// Whether the machine has the program.
    static func isInstalled(_ path: String) -> Bool {
        FileManager.default.isExecutableFile(atPath: path)
    }

    /// A port that nobody listens on at present.
    static func freePort() -> Int { Int.random(in: 20_000..<32_000) }

    /// Writes the configuration and starts the program, as an unprivileged user where it asks for it.
    init(
        _ path: String, configuration: (_ folder: String) -> [String: String],
        arguments: (_ folder: String) -> [String], user: String? = nil
    ) throws {
        folder = "/tmp/program-\(getpid())-\(UInt32.random(in: 0 ... .max))"
        try FileManager.default.createDirectory(
            atPath: folder, withIntermediateDirectories: true,
            attributes: [.posixPermissions: 0o777])
        for (name, text) in configuration(folder) {
            try text.write(toFile: "\(folder)/\(name)", atomically: true, encoding: .utf8)
        }
        let process = Process()
        var command = [path] + arguments(folder)
        if let user, getuid() == 0 {
            command = ["setpriv", "--reuid=\(user)", "--regid=\(user)", "--clear-groups"] + command
        }
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = command
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        try process.run()
        processIdentifier = process.processIdentifier
        try ProcessWatch.start(processIdentifier, folder: folder)
    }

    deinit {
        // Its starter may have blocked the signals that ask.
        _ = kill(processIdentifier, SIGKILL)
        try? FileManager.default.removeItem(atPath: folder)
    }
}
