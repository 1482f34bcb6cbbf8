import CLinux
import Glibc
import Synchronization

/// One thread that runs jobs in order, so that an actor can own work that must not change threads.
///
/// Jobs that arrive after `shutdown` are still run, by a thread that lives only as long as they
/// need, so no task is left hanging.
package final class WriterThread: SerialExecutor, TaskExecutor, @unchecked Sendable {
    // SAFETY: `@unchecked` because the variables are touched only under `monitor`.
    private let monitor = Monitor()
    private var waiting: [UnownedJob] = []
    private var isRunning = false
    private var isStopping = false
    private let threadIdentity = Atomic<UInt>(0)
    private let name: String

    /// Makes the executor; its thread starts with the first job.
    ///
    /// `name` is cut to 15 bytes by the kernel.
    package init(name: String) {
        self.name = String(name.prefix(15))
    }

    package func enqueue(_ job: consuming ExecutorJob) {
        let unowned = UnownedJob(job)
        monitor.lock()
        waiting.append(unowned)
        if isRunning {
            monitor.wakeAll()
        } else {
            isRunning = true
            start()
        }
        monitor.unlock()
    }

    package func asUnownedSerialExecutor() -> UnownedSerialExecutor {
        unsafe UnownedSerialExecutor(ordinary: self)
    }

    /// Whether the caller runs on this executor's thread.
    package var isCurrent: Bool {
        threadIdentity.load(ordering: .relaxed) == UInt(pthread_self())
    }

    package func isIsolatingCurrentContext() -> Bool? {
        isCurrent
    }

    package func checkIsolated() {
        precondition(isCurrent, "not on the writer thread")
    }

    /// Lets the thread finish what is queued and end; waits for that unless called on the thread
    /// itself.
    @available(*, noasync)
    package func shutdown() {
        monitor.lock()
        defer { monitor.unlock() }
        isStopping = true
        monitor.wakeAll()
        guard !isCurrent else { return }
        while isRunning { monitor.wait() }
    }

    private func start() {
        var thread = pthread_t()
        let context = unsafe Unmanaged.passRetained(self).toOpaque()
        let result = unsafe pthread_create(
            &thread, nil,
            { context in
                guard let context = unsafe context else { return nil }
                let executor = unsafe Unmanaged<WriterThread>.fromOpaque(context)
                unsafe executor.takeRetainedValue().run()
                return nil
            }, context)
        precondition(result == 0, "the system has no thread for the writer")
        pthread_detach(thread)
    }

    private func run() {
        threadIdentity.store(UInt(pthread_self()), ordering: .relaxed)
        unsafe catalog_name_current_thread(name)
        let executor = unsafe asUnownedSerialExecutor()
        let taskExecutor = unsafe asUnownedTaskExecutor()
        var batch: [UnownedJob] = []
        while takeJobs(into: &batch) {
            for job in batch {
                unsafe job.runSynchronously(
                    isolatedTo: executor, taskExecutor: taskExecutor)
            }
        }
    }

    /// Waits for jobs and moves them over; false when the thread should end.
    private func takeJobs(into batch: inout [UnownedJob]) -> Bool {
        batch.removeAll(keepingCapacity: true)
        monitor.lock()
        defer { monitor.unlock() }
        while waiting.isEmpty {
            guard !isStopping else {
                threadIdentity.store(0, ordering: .relaxed)
                isRunning = false
                monitor.wakeAll()
                return false
            }
            monitor.wait()
        }
        swap(&batch, &waiting)
        return true
    }
}
