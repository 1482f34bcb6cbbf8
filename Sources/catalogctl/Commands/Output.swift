import SystemPackage

/// What a command prints for its user.
enum Output {
    /// Writes lines to standard output at once, also where that is a file or a pipe.
    static func write(_ lines: [String]) {
        let text = lines.map { "\($0)\n" }.joined()
        // Who closed the pipe does not want to know more.
        _ = try? FileDescriptor.standardOutput.writeAll(Array(text.utf8))
    }
}
