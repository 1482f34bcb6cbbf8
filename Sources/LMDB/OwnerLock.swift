import CLinux
import Glibc

/// An exclusive lock on a directory, held until the value is destroyed or the process ends.
struct OwnerLock: ~Copyable {
    private let descriptor: Int32

    /// Locks `<directory>/owner.lock` without waiting; throws `.locked` when someone else holds it.
    init(directory: String) throws(StorageError) {
        let path = directory + "/owner.lock"
        let descriptor = unsafe open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else {
            throw StorageError(number: errno, operation: "open owner lock")
        }
        guard catalog_flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            let number = errno
            _ = Glibc.close(descriptor)
            throw StorageError(number: number, operation: "take owner lock")
        }
        self.descriptor = descriptor
    }

    deinit {
        // Said aloud, because a process that is just being started may hold the descriptor as well.
        _ = catalog_flock(descriptor, LOCK_UN)
        _ = Glibc.close(descriptor)
    }
}
