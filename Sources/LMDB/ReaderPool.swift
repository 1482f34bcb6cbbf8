/// Keeps reset readers for reuse and is the gate that stops reads while the map is replaced.
///
/// A read costs two uncontended lock operations here and allocates nothing once a reader exists.
@safe
final class ReaderPool: @unchecked Sendable {
    // SAFETY: `@unchecked` because every stored variable is touched only under `monitor`; `idle` is
    // a stack whose first `idleCount` places are initialised, and all `capacity` places of
    // `startedAtMs` are. Both are allocated in init and freed in deinit.
    private let monitor = Monitor()
    private let capacity: Int
    private let idle: UnsafeMutablePointer<IdleReader>
    private var idleCount = 0
    private var freeSlots: [Int]
    private let startedAtMs: UnsafeMutablePointer<UInt64>
    private var active = 0
    private var isDoorClosed = false
    private var isClosed = false

    init(capacity: Int) {
        self.capacity = capacity
        unsafe idle = .allocate(capacity: capacity)
        freeSlots = Array((0..<capacity).reversed())
        unsafe startedAtMs = .allocate(capacity: capacity)
        unsafe startedAtMs.initialize(repeating: 0, count: capacity)
    }

    deinit {
        unsafe idle.deinitialize(count: idleCount)
        unsafe idle.deallocate()
        unsafe startedAtMs.deallocate()
    }

    /// Starts a read on a pooled reader, or on a new one when all are busy; waits while the gate is
    /// shut.
    func begin(
        in environment: OpaquePointer, faults: FaultPlan?
    ) throws(StorageError) -> ReadTransaction {
        try enter()
        guard idleCount > 0 else {
            guard let slot = freeSlots.popLast() else {
                leaveLocked()
                throw StorageError(.readersFull, operation: "begin read")
            }
            unsafe startedAtMs[slot] = coarseNowMs()
            monitor.unlock()
            return unsafe try start(slot: slot, in: environment, faults: faults)
        }
        idleCount -= 1
        let reader = unsafe (idle + idleCount).move()
        let slot = reader.slot
        unsafe startedAtMs[slot] = coarseNowMs()
        monitor.unlock()
        do throws(StorageError) {
            if let number = faults?.strike(.beginRead), number != 0 {
                throw StorageError(number: number, operation: "begin read")
            }
            return try reader.renew()
        } catch {
            abandon(slot: slot)
            throw error
        }
    }

    private func start(
        slot: Int, in environment: OpaquePointer, faults: FaultPlan?
    ) throws(StorageError) -> ReadTransaction {
        do throws(StorageError) {
            if let number = faults?.strike(.beginRead), number != 0 {
                throw StorageError(number: number, operation: "begin read")
            }
            return ReadTransaction(
                handle: unsafe try ReaderHandle(environment: environment), slot: slot)
        } catch {
            abandon(slot: slot)
            throw error
        }
    }

    /// Ends a read and keeps its reader.
    func end(_ transaction: consuming ReadTransaction) {
        let slot = transaction.slot
        let reader = transaction.reset()
        monitor.lock()
        unsafe startedAtMs[slot] = 0
        unsafe (idle + idleCount).initialize(to: reader)
        idleCount += 1
        leaveLocked()
    }

    private func abandon(slot: Int) {
        monitor.lock()
        unsafe startedAtMs[slot] = 0
        freeSlots.append(slot)
        leaveLocked()
    }

    /// Runs `body` while the environment can be neither resized nor closed, without a snapshot.
    func whileOpen<R>(_ body: () throws(StorageError) -> R) throws(StorageError) -> R {
        try enter()
        monitor.unlock()
        defer {
            monitor.lock()
            leaveLocked()
        }
        return try body()
    }

    /// Counts the caller in and returns with the lock held.
    private func enter() throws(StorageError) {
        monitor.lock()
        while isDoorClosed { monitor.wait() }
        guard !isClosed else {
            monitor.unlock()
            throw StorageError(.closed, operation: "begin read")
        }
        active += 1
    }

    /// Counts the caller out and gives the lock back.
    private func leaveLocked() {
        active -= 1
        if active == 0 && isDoorClosed { monitor.wakeAll() }
        monitor.unlock()
    }

    /// Keeps new reads out, waits for active ones, and runs `body` alone.
    ///
    /// The door opens again between attempts, so a read that starts another read cannot lock the
    /// process up: the resize then fails with `.busy`. The caller holds the writer lock, so it is
    /// the only one here.
    func withoutReaders<R>(
        waitMs: UInt64, attempts: Int, _ body: () throws(StorageError) -> R
    ) throws(StorageError) -> R {
        monitor.lock()
        defer {
            isDoorClosed = false
            monitor.wakeAll()
            monitor.unlock()
        }
        for _ in 0..<attempts {
            isDoorClosed = true
            let deadline = coarseNowMs() + waitMs
            while active > 0 {
                guard monitor.wait(untilMs: deadline) else { break }
            }
            if active == 0 { return try body() }
            isDoorClosed = false
            monitor.wakeAll()
            // A moment with the door open lets a nested read in and out again.
            _ = monitor.wait(untilMs: coarseNowMs() + 5)
        }
        throw StorageError(.busy, operation: "wait for readers")
    }

    /// Frees every reader and refuses new ones, then runs `last`; false when it was closed before.
    func close(_ last: () -> Void) throws(StorageError) -> Bool {
        try withoutReaders(waitMs: Limits.gateWaitMs, attempts: Limits.gateAttempts) {
            guard !isClosed else { return false }
            isClosed = true
            unsafe idle.deinitialize(count: idleCount)
            idleCount = 0
            last()
            return true
        }
    }

    /// Reads that run now.
    var activeCount: Int {
        monitor.lock()
        defer { monitor.unlock() }
        return active
    }

    /// Age of the oldest running read in milliseconds, 0 when there is none.
    func oldestAgeMs() -> UInt64 {
        monitor.lock()
        defer { monitor.unlock() }
        let started = unsafe UnsafeBufferPointer(start: startedAtMs, count: capacity)
        let oldest = unsafe started.lazy.filter { $0 > 0 }.min()
        guard let oldest else { return 0 }
        let now = coarseNowMs()
        return now > oldest ? now - oldest : 0
    }
}
