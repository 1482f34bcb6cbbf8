import Glibc

/// The few calls of the C library that telemetry needs; the only unsafe code of this target.
enum SystemCalls {
    /// The wall clock in milliseconds since 1970.
    static func wallClockMs() -> Int {
        var now = timespec()
        // SAFETY: the call only fills the structure that it is handed.
        _ = unsafe clock_gettime(CLOCK_REALTIME, &now)
        return now.tv_sec * 1_000 + now.tv_nsec / 1_000_000
    }

    /// Writes all bytes to standard error; gives up on an error that a retry does not cure.
    static func writeToStandardError(_ bytes: [UInt8]) {
        // SAFETY: the pointer lives as long as the closure, and never more than its rest is written.
        unsafe bytes.withUnsafeBytes { buffer in
            var rest = unsafe buffer[...]
            while unsafe !rest.isEmpty {
                let part = unsafe UnsafeRawBufferPointer(rebasing: rest)
                let written = unsafe write(STDERR_FILENO, part.baseAddress, part.count)
                if written > 0 {
                    unsafe rest = unsafe rest.dropFirst(written)
                } else if errno != EINTR {
                    return
                }
            }
        }
    }
}

/// A counting semaphore of the C library: posting never blocks, waiting blocks a thread.
///
/// Wait only on a thread of one's own, never on an event loop or in an asynchronous function.
// SAFETY: the pointer is made in init, freed in deinit and never changed between; sem_post and
// sem_wait may be called from any thread.
@safe final class Semaphore: @unchecked Sendable {
    private let raw: UnsafeMutablePointer<sem_t>

    init() {
        unsafe raw = .allocate(capacity: 1)
        unsafe sem_init(raw, 0, 0)
    }

    deinit {
        unsafe sem_destroy(raw)
        unsafe raw.deallocate()
    }

    func post() {
        unsafe sem_post(raw)
    }

    func wait() {
        while unsafe sem_wait(raw) != 0 {}
    }

    /// Waits until a post or until the time is over, whichever comes first.
    func wait(atMostMs milliseconds: Int) {
        let endMs = SystemCalls.wallClockMs() + milliseconds
        var end = timespec(tv_sec: endMs / 1_000, tv_nsec: endMs % 1_000 * 1_000_000)
        while unsafe sem_timedwait(raw, &end) != 0, errno == EINTR {}
    }
}

/// A thread that runs one function and can be joined.
package struct SystemThread: Sendable {
    private let handle: pthread_t

    /// Starts the function on a new thread; nil when the system gives no thread.
    package init?(_ body: @escaping @Sendable () -> Void) {
        let box = unsafe Unmanaged.passRetained(ThreadBody(body))
        var handle = pthread_t()
        // SAFETY: the thread takes over the one reference that was retained for it.
        let status = unsafe pthread_create(
            &handle, nil,
            { context in
                if let context = unsafe context {
                    unsafe Unmanaged<ThreadBody>.fromOpaque(context).takeRetainedValue().run()
                }
                return nil
            }, box.toOpaque())
        guard status == 0 else {
            unsafe box.release()
            return nil
        }
        self.handle = handle
    }

    /// Blocks until the function has returned; call it once.
    package func join() {
        pthread_join(handle, nil)
    }
}

private final class ThreadBody: Sendable {
    let run: @Sendable () -> Void

    init(_ run: @escaping @Sendable () -> Void) {
        self.run = run
    }
}
