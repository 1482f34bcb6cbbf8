import GRDB
import Postgres
import Synchronization

/// One connection with the file; work is done in order, on the queue of the connection.
final class SQLiteSession: EmbeddedSession {
    private struct Work {
        let work: EmbeddedWork
        let deadline: ContinuousClock.Instant
        let answered: @Sendable (EmbeddedAnswer) -> Void
    }

    private struct State {
        var waiting: [Work] = []
        var isRunning = false
        var isClosed = false
        var isFinished = false
        var transaction = TransactionState()
        var holdsTurn = false
    }

    private let number: UInt64
    private let queue: DatabaseQueue
    private let values: SessionValues
    private let store: EmbeddedStore
    private let state = Mutex(State())

    init(number: UInt64, queue: DatabaseQueue, values: SessionValues, store: EmbeddedStore) {
        self.number = number
        self.queue = queue
        self.values = values
        self.store = store
    }

    func submit(
        _ work: EmbeddedWork, deadline: ContinuousClock.Instant,
        answered: @escaping @Sendable (EmbeddedAnswer) -> Void
    ) {
        start { $0.waiting.append(Work(work: work, deadline: deadline, answered: answered)) }
    }

    func onNotification(_ handler: @escaping @Sendable (String, String) -> Void) {
        store.hub.handle(number, handler)
    }

    func close() {
        store.hub.forget(number)
        start { $0.isClosed = true }
    }

    /// Changes the state and has it looked at.
    private func start(_ change: (inout State) -> Void) {
        let isIdle = state.withLock { state in
            change(&state)
            defer { state.isRunning = true }
            return !state.isRunning
        }
        if isIdle { Task { await self.drain() } }
    }

    private func drain() async {
        while true {
            let (next, isOver) = state.withLock { state -> (Work?, Bool) in
                if !state.waiting.isEmpty { return (state.waiting.removeFirst(), false) }
                if state.isClosed, !state.isFinished {
                    state.isFinished = true
                    return (nil, false)
                }
                state.isRunning = false
                return (nil, true)
            }
            if isOver { return }
            if let next { await perform(next) } else { await finish() }
        }
    }

    /// Rolls back what is open, gives the turn back and ends the connection.
    private func finish() async {
        try? await queue.writeWithoutTransaction { db in
            if db.isInsideTransaction { try db.execute(sql: "ROLLBACK") }
        }
        try? queue.close()
        giveTurnBack()
    }

    private func perform(_ work: Work) async {
        if state.withLock({ $0.isFinished }) {
            let closed = PostgresError(.poolClosed, "the session was closed")
            return work.answered(
                EmbeddedAnswer(result: .failure(closed), isOutsideTransaction: true))
        }
        let before = state.withLock { $0.transaction }
        let segment = Segment(work.work, store: store)
        if segment.needsTurn(in: before), !(await takeTurn(until: work.deadline)) {
            let late = PostgresError(
                .server, "another transaction holds the store", sqlState: "55P03")
            return work.answered(
                EmbeddedAnswer(result: .failure(late), isOutsideTransaction: !before.isOpen))
        }
        let (values, store, number) = (values, store, number)
        let outcome: SegmentRunner.Outcome
        do {
            outcome = try await queue.writeWithoutTransaction { db in
                var runner = SegmentRunner(
                    db: db, values: values, store: store, session: number, transaction: before)
                return runner.run(segment)
            }
        } catch {
            outcome = SegmentRunner.Outcome(
                result: .failure(SQLiteFailure.error(error)), transaction: TransactionState(),
                notifications: [])
        }
        state.withLock { $0.transaction = outcome.transaction }
        if !outcome.transaction.isOpen { giveTurnBack() }
        for notification in outcome.notifications {
            store.hub.notify(notification.channel, notification.payload)
        }
        work.answered(
            EmbeddedAnswer(
                result: outcome.result, isOutsideTransaction: !outcome.transaction.isOpen))
    }

    private func takeTurn(until deadline: ContinuousClock.Instant) async -> Bool {
        guard await store.turns.take(until: min(deadline, .now + Limits.turnWait)) else {
            return false
        }
        state.withLock { $0.holdsTurn = true }
        return true
    }

    private func giveTurnBack() {
        let held = state.withLock { state in
            defer { state.holdsTurn = false }
            return state.holdsTurn
        }
        if held { store.turns.giveBack() }
    }
}

/// Where a session stands between two pieces of work.
struct TransactionState: Sendable {
    var isOpen = false
    var isReadOnly = false
    /// A statement failed: nothing goes on before the end of the block or a savepoint.
    var isFailed = false
}
