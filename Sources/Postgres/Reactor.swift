import CLinux
import Glibc
import Synchronization

/// One thread with one epoll set: waits for sockets and timers and runs the actors that live on it.
///
/// All connections of a process may share one reactor. It lives as long as the process. Nothing
/// on it may block. `watch`, `rewatch` and `unwatch` are for its own thread; the rest is for any.
@safe
package final class Reactor: SerialExecutor, TaskExecutor, Sendable {
    /// What a watched descriptor is ready for.
    struct Readiness: OptionSet, Sendable {
        let rawValue: UInt32
        static let read = Readiness(rawValue: catalog_epoll_in)
        static let write = Readiness(rawValue: catalog_epoll_out)
    }

    private enum Work {
        case job(UnownedJob)
        case action(@Sendable () -> Void)
    }

    private struct Inbox {
        var work: [Work] = []
        var isSignalled = false
    }

    private let epoll: Int32
    private let wakeup: Int32
    private let thread = Atomic<UInt>(0)
    private let nextID = Atomic<UInt64>(1)
    private let inbox = Mutex(Inbox())
    // SAFETY: both are read and written on the reactor's thread only; `precondition(isCurrent)`
    // guards each function that touches them.
    private nonisolated(unsafe) var watchers: [UInt64: @Sendable (Readiness) -> Void] = [:]
    private nonisolated(unsafe) var timers = TimerHeap()

    /// Starts the thread; throws `.connectFailed` when the system refuses descriptors or threads.
    package init() throws(PostgresError) {
        epoll = epoll_create1(Int32(EPOLL_CLOEXEC))
        wakeup = eventfd(0, Int32(EFD_CLOEXEC | EFD_NONBLOCK))
        guard epoll >= 0, wakeup >= 0, Reactor.add(wakeup, id: 0, interest: .read, to: epoll),
            HelperThread.start({ self.run() })
        else {
            throw PostgresError(.connectFailed, "the reactor could not start: errno \(errno)")
        }
    }

    // MARK: Executor

    package func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        submit(.job(job))
    }

    package func checkIsolated() {
        precondition(isCurrent, "this code belongs on the reactor's thread")
    }

    package func isIsolatingCurrentContext() -> Bool? { isCurrent }

    /// Whether the caller runs on the reactor's thread.
    var isCurrent: Bool { thread.load(ordering: .relaxed) == UInt(pthread_self()) }

    /// Runs an action on the reactor's thread, never inline, in order of submission.
    func post(_ action: @escaping @Sendable () -> Void) { submit(.action(action)) }

    private func submit(_ work: Work) {
        let mustSignal = inbox.withLock { inbox in
            inbox.work.append(work)
            defer { inbox.isSignalled = true }
            return !inbox.isSignalled
        }
        if mustSignal { _ = eventfd_write(wakeup, 1) }
    }

    // MARK: Timers

    /// Runs an action on the reactor's thread at a point in time, or soon after.
    func schedule(
        at deadline: ContinuousClock.Instant, _ action: @escaping @Sendable () -> Void
    ) -> TimerHeap.ID {
        let id = nextID.wrappingAdd(1, ordering: .relaxed).oldValue
        if isCurrent {
            unsafe timers.insert(id, at: deadline, action)
        } else {
            post { unsafe self.timers.insert(id, at: deadline, action) }
        }
        return id
    }

    /// Forgets a timer; does nothing if it has fired.
    func cancel(_ timer: TimerHeap.ID) {
        if isCurrent {
            unsafe timers.cancel(timer)
        } else {
            post { unsafe self.timers.cancel(timer) }
        }
    }

    // MARK: Descriptors

    /// Calls `onReady` on the reactor's thread each time the descriptor is ready; returns an id.
    func watch(
        _ descriptor: Int32, interest: Readiness, _ onReady: @escaping @Sendable (Readiness) -> Void
    ) -> UInt64? {
        precondition(isCurrent)
        let id = nextID.wrappingAdd(1, ordering: .relaxed).oldValue
        guard Reactor.add(descriptor, id: id, interest: interest, to: epoll) else { return nil }
        unsafe watchers[id] = onReady
        return id
    }

    /// Changes what a watched descriptor is watched for.
    func rewatch(_ descriptor: Int32, id: UInt64, interest: Readiness) {
        precondition(isCurrent)
        unsafe precondition(watchers[id] != nil, "the descriptor is not watched")
        var event = unsafe Reactor.event(id: id, interest: interest)
        _ = unsafe epoll_ctl(epoll, Int32(EPOLL_CTL_MOD), descriptor, &event)
    }

    /// Ends watching; must come before the descriptor is closed.
    func unwatch(_ descriptor: Int32, id: UInt64) {
        precondition(isCurrent)
        unsafe watchers[id] = nil
        _ = epoll_ctl(epoll, Int32(EPOLL_CTL_DEL), descriptor, nil)
    }

    private static func event(id: UInt64, interest: Readiness) -> epoll_event {
        var event = unsafe epoll_event()
        unsafe event.events = interest.rawValue
        unsafe event.data.u64 = id
        return unsafe event
    }

    private static func add(
        _ descriptor: Int32, id: UInt64, interest: Readiness, to epoll: Int32
    ) -> Bool {
        var event = unsafe Reactor.event(id: id, interest: interest)
        return unsafe epoll_ctl(epoll, Int32(EPOLL_CTL_ADD), descriptor, &event) == 0
    }

    // MARK: Loop

    private func run() {
        thread.store(UInt(pthread_self()), ordering: .relaxed)
        // SAFETY: the buffer lives as long as the loop, which never ends.
        let events = UnsafeMutablePointer<epoll_event>.allocate(capacity: Limits.eventsPerTurn)
        while true {
            let count = unsafe epoll_wait(
                epoll, events, Int32(Limits.eventsPerTurn), unsafe timers.waitMs(now: .now))
            for index in 0..<max(0, Int(count)) {
                let id = unsafe events[index].data.u64
                let bits = unsafe events[index].events
                id == 0 ? clearWakeup() : unsafe watchers[id]?(Reactor.readiness(of: bits))
            }
            for action in unsafe timers.popDue(now: .now) { action() }
            runInbox()
        }
    }

    /// Errors and hang-ups count as readable: the read then reports them.
    private static func readiness(of bits: UInt32) -> Readiness {
        var readiness = Readiness(rawValue: bits & (catalog_epoll_in | catalog_epoll_out))
        if bits & (catalog_epoll_error | catalog_epoll_hang_up) != 0 { readiness.insert(.read) }
        return readiness
    }

    private func clearWakeup() {
        var value: eventfd_t = 0
        _ = unsafe eventfd_read(wakeup, &value)
    }

    private func runInbox() {
        let work = inbox.withLock { inbox in
            inbox.isSignalled = false
            let work = inbox.work
            inbox.work.removeAll()
            return work
        }
        for item in work {
            switch item {
            case .action(let action): action()
            case .job(let job):
                unsafe job.runSynchronously(
                    isolatedTo: asUnownedSerialExecutor(), taskExecutor: asUnownedTaskExecutor())
            }
        }
    }
}
