import ArgumentParser

/// What the exit codes of commands mean; `docs/catalogctl.md` tells operators.
enum ExitStatus: Int32 {
    /// The server refused, or what was asked for failed.
    case failed = 1
    /// There is no such thing.
    case notFound = 2
    /// No server could be asked, or none was able to answer.
    case unreachable = 3
    /// It did not come to an end in time.
    case late = 4
    /// The command line, or a file that it names, is wrong.
    case usage = 64

    var code: ExitCode { ExitCode(rawValue) }
}

/// Why a command did not do what it was asked to.
struct CommandError: Error {
    let status: ExitStatus
    let message: String

    init(_ status: ExitStatus, _ message: String) {
        self.status = status
        self.message = message
    }
}
