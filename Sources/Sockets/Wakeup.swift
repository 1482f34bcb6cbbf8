import CLinux
import Glibc

/// Makes a thread that waits in a `ReadinessQueue` look up, from any thread.
package final class Wakeup: Sendable {
    /// Readable after a signal, until it is cleared; not for the caller to close.
    package let descriptor: Int32

    /// Opens it; nil when the system has no descriptors.
    package init?() {
        let descriptor = eventfd(0, Int32(EFD_CLOEXEC | EFD_NONBLOCK))
        guard descriptor >= 0 else { return nil }
        self.descriptor = descriptor
    }

    deinit { SocketCall.close(descriptor) }

    /// Wakes the thread; several signals may count as one.
    package func signal() { _ = eventfd_write(descriptor, 1) }

    /// Waits for the next signal.
    package func clear() {
        var value: eventfd_t = 0
        _ = unsafe eventfd_read(descriptor, &value)
    }
}
