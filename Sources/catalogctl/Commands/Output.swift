import Foundation
import SystemPackage

/// What a command prints for its user.
enum Output {
    /// Writes lines to standard output at once, also where that is a file or a pipe.
    static func write(_ lines: [String]) {
        write(lines.map { "\($0)\n" }.joined())
    }

    /// Writes text to standard output as it is.
    static func write(_ text: String) {
        // Who closed the pipe does not want to know more.
        _ = try? FileDescriptor.standardOutput.writeAll(Array(text.utf8))
    }

    /// Writes to standard error what went wrong.
    static func complain(_ message: String) {
        _ = try? FileDescriptor.standardError.writeAll(Array("catalogctl: \(message)\n".utf8))
    }

    /// Writes to standard error how far something is.
    static func note(_ text: String) {
        _ = try? FileDescriptor.standardError.writeAll(Array(text.utf8))
    }

    /// Whether somebody looks at standard error.
    static var isTerminal: Bool { isatty(STDERR_FILENO) == 1 }
}
