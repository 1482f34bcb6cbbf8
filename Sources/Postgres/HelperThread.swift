import Glibc

/// Short-lived threads for calls that block, such as name resolution and the TLS handshake.
enum HelperThread {
    private final class Box {
        let body: @Sendable () -> Void
        init(_ body: @escaping @Sendable () -> Void) { self.body = body }
    }

    /// Runs the body on a thread of its own; false when the system has no thread to give.
    static func start(_ body: @escaping @Sendable () -> Void) -> Bool {
        var thread = pthread_t()
        let box = unsafe Unmanaged.passRetained(Box(body))
        // SAFETY: the retained box is released exactly once, by the thread or below on failure.
        let status = unsafe pthread_create(
            &thread, nil,
            { argument in
                if let argument = unsafe argument {
                    let box = unsafe Unmanaged<Box>.fromOpaque(argument).takeRetainedValue()
                    box.body()
                }
                return nil
            }, box.toOpaque())
        guard status == 0 else {
            unsafe box.release()
            return false
        }
        pthread_detach(thread)
        return true
    }
}
