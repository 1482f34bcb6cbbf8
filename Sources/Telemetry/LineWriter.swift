import Synchronization

/// Writes finished log lines on a thread of its own, so that logging never blocks a caller.
///
/// Lines gather in a bounded buffer for some milliseconds; a line that does not fit is dropped and
/// counted. Appending costs one short lock and no allocation once the buffer has grown.
package final class LineWriter: Sendable {
    private let queue: LineQueue
    private let thread: Mutex<SystemThread?>

    /// Lines that were thrown away because the buffer was full or the writer closed.
    package var droppedLines: Int { queue.dropped.load(ordering: .relaxed) }

    /// Creates a writer that hands whole lines, many at a time, to a sink on its own thread.
    ///
    /// Should the system give no thread, every line is dropped and counted.
    package init(
        capacityBytes: Int = Limits.pendingLogBytes,
        sink: @escaping @Sendable ([UInt8]) -> Void
    ) {
        precondition(capacityBytes > 0, "a writer needs room for lines")
        let queue = LineQueue(capacityBytes: capacityBytes)
        self.queue = queue
        let started = SystemThread { queue.drain(into: sink) }
        thread = Mutex(started)
        if started == nil {
            queue.close()
        }
    }

    /// A writer to standard error.
    package static func standardError() -> LineWriter {
        LineWriter { SystemCalls.writeToStandardError($0) }
    }

    deinit {
        close()
    }

    /// Appends one line that the closure renders in place, without its newline.
    ///
    /// The closure runs under the writer's lock: it renders bytes and calls nothing else.
    package func append(_ render: (inout [UInt8]) -> Void) {
        queue.append(render)
    }

    /// Writes out what is pending and ends the thread; blocks until that is done.
    ///
    /// Safe to call twice. Call it at the very end, never on an event loop.
    package func close() {
        queue.close()
        let running = thread.withLock { $0.take() }
        running?.join()
    }
}

/// The lines between the callers and the writer's thread.
private final class LineQueue: Sendable {
    struct State: ~Copyable {
        var pending: [UInt8] = []
        var closed = false
    }

    let dropped = Atomic<Int>(0)
    private let capacityBytes: Int
    private let state = Mutex(State())
    private let available = Semaphore()
    private let urgent = Semaphore()

    init(capacityBytes: Int) {
        self.capacityBytes = capacityBytes
    }

    func append(_ render: (inout [UInt8]) -> Void) {
        enum Wake {
            case nobody
            case writer
            case writerAtOnce
        }
        let wake = state.withLock { state -> Wake in
            let before = state.pending.count
            guard !state.closed, before < capacityBytes else { return drop() }
            render(&state.pending)
            state.pending.append(UInt8(ascii: "\n"))
            let after = state.pending.count
            guard after <= capacityBytes else {
                state.pending.removeLast(after - before)
                return drop()
            }
            if before < capacityBytes / 2, after >= capacityBytes / 2 {
                return before == 0 ? .writer : .writerAtOnce
            }
            return before == 0 ? .writer : .nobody
        }
        switch wake {
        case .nobody: break
        case .writer: available.post()
        case .writerAtOnce: urgent.post()
        }

        func drop() -> Wake {
            dropped.add(1, ordering: .relaxed)
            return .nobody
        }
    }

    func close() {
        state.withLock { $0.closed = true }
        available.post()
        urgent.post()
    }

    /// Runs on the writer's thread until the queue is closed and empty.
    func drain(into sink: @Sendable ([UInt8]) -> Void) {
        var lines: [UInt8] = []
        while true {
            available.wait()
            urgent.wait(atMostMs: Limits.logGatherMs)
            // The two buffers change places, so that both keep the capacity they have grown to.
            lines.removeAll(keepingCapacity: true)
            let closed = state.withLock { state in
                swap(&state.pending, &lines)
                return state.closed
            }
            if !lines.isEmpty {
                sink(lines)
            }
            if closed {
                return
            }
        }
    }
}
