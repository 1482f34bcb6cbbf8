import Glibc
import Postgres

/// The right of one process to a file, as long as this value lives; the system ends it with the process.
final class FileLock: Sendable {
    private let descriptor: Int32

    /// Takes the lock; throws `.connectFailed` with SQLSTATE 55006 when another process has it.
    init(path: String, of file: String) throws(PostgresError) {
        descriptor = unsafe open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else {
            throw PostgresError(
                .connectFailed, "the lock file \(path) cannot be opened: error \(errno)",
                sqlState: "58030")
        }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            close(descriptor)
            throw PostgresError(
                .connectFailed,
                "the embedded store \(file) is in use by another process; it serves one replica",
                sqlState: "55006")
        }
    }

    deinit { close(descriptor) }

    /// Makes an empty file that only its owner can read, unless there is one.
    static func makePrivate(_ path: String) {
        let file = unsafe open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        if file >= 0 { _ = close(file) }
    }
}
