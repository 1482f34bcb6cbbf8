import Synchronization

/// One session with Postgres, on the reactor's thread, in pipeline mode.
///
/// Calls from several tasks are sent at once and answered in order. Each submission has a deadline;
/// missing it closes the connection, because what the server does is no longer known. A cancelled
/// caller leaves at once and its answer is dropped when it comes.
package actor Connection {
    typealias Answer = Result<[Rows], PostgresError>
    typealias Ticket = Promise<Answer>

    /// What other threads may know without a hop.
    struct Flags: Sendable {
        var isOpen = true
        /// Nothing under way and no transaction block open.
        var isClean = true
    }

    package nonisolated let configuration: PostgresConfiguration
    nonisolated let reactor: Reactor
    nonisolated let flags = Mutex(Flags())
    nonisolated let counter: StatementCounter?

    /// The link to a server; an embedded session has none.
    let wire: Wire
    let session: (any EmbeddedSession)?
    /// Pieces of work that the embedded session has not answered.
    var sessionWork = 0
    private let descriptor: Int32
    private var registration: UInt64?
    private var isWaitingToWrite = false
    var pipeline = Pipeline<Ticket, Rows>()
    var statements = StatementNames()
    var failure: PostgresError?
    private var timer: (id: TimerHeap.ID, deadline: ContinuousClock.Instant)?
    private var whenClosed: [@Sendable (PostgresError) -> Void] = []
    var whenIdle: [@Sendable () -> Void] = []
    private var onNotification: (@Sendable (_ channel: String, _ payload: String) -> Void)?
    /// SQLSTATE of the last failed submission; a transaction looks here when its body hid the error.
    var lastSQLState: String?

    package nonisolated var unownedExecutor: UnownedSerialExecutor {
        unsafe reactor.asUnownedSerialExecutor()
    }

    init(
        _ wire: Wire, configuration: PostgresConfiguration, reactor: Reactor,
        counter: StatementCounter?
    ) {
        self.wire = wire
        session = nil
        self.configuration = configuration
        self.reactor = reactor
        self.counter = counter
        descriptor = wire.socket
    }

    /// Stands for a session with an embedded database; there is nothing to start.
    init(
        _ session: any EmbeddedSession, configuration: PostgresConfiguration, reactor: Reactor,
        counter: StatementCounter?
    ) {
        wire = Wire()
        self.session = session
        self.configuration = configuration
        self.reactor = reactor
        self.counter = counter
        descriptor = -1
    }

    isolated deinit { shut(PostgresError(.poolClosed, "the connection was dropped")) }

    // MARK: Statements

    /// Runs one statement on its own; one round trip, shared with what else is under way.
    @discardableResult
    package func query(
        _ statement: Statement, _ parameters: [Parameter] = [], timeout: Duration? = nil
    ) async throws(PostgresError) -> Rows {
        let answers = try await run(.segment([Query(statement, parameters)]), timeout: timeout)
        guard let rows = answers.first else {
            throw PostgresError(.decoding, "the statement had no answer")
        }
        return rows
    }

    /// Runs statements as one implicit transaction in one round trip, unless they say BEGIN themselves.
    @discardableResult
    package func pipeline(
        _ queries: [Query], timeout: Duration? = nil
    ) async throws(PostgresError) -> [Rows] {
        guard !queries.isEmpty else { return [] }
        return try await run(.segment(queries), timeout: timeout)
    }

    /// Runs statements as one implicit transaction in one round trip, unless they say BEGIN themselves.
    @discardableResult
    package func pipeline(
        _ queries: [(Statement, [Parameter])], timeout: Duration? = nil
    ) async throws(PostgresError) -> [Rows] {
        try await pipeline(queries.map { Query($0.0, $0.1) }, timeout: timeout)
    }

    /// Runs a text of several statements without parameters, alone on the connection.
    package func execute(script: String, timeout: Duration? = nil) async throws(PostgresError) {
        guard !script.utf8.contains(0) else {
            throw PostgresError(.misuse, "the script contains a NUL character")
        }
        _ = try await run(.script(script), timeout: timeout)
    }

    /// Ends the session; what is under way fails with `.poolClosed`.
    package func close() { shut(PostgresError(.poolClosed, "the connection was closed")) }

    /// Whether the session is believed to be alive.
    package nonisolated var isOpen: Bool { flags.withLock(\.isOpen) }

    private func run(
        _ work: Pipeline<Ticket, Rows>.Work, timeout: Duration?
    ) async throws(PostgresError) -> [Rows] {
        if Task.isCancelled { throw Connection.cancelled }
        if let failure { throw failure }
        guard !pipeline.isFull else {
            throw PostgresError(.poolExhausted, "too many statements wait on one connection")
        }
        let ticket = Ticket()
        let deadline = ContinuousClock.now + (timeout ?? configuration.queryTimeout)
        flags.withLock { $0.isClean = false }
        if let session {
            submit(work, to: session, deadline: deadline, ticket: ticket)
            return try await ticket.value(cancelled: .failure(Connection.cancelled)).get()
        }
        pipeline.submit(.init(ticket: ticket, work: work, deadline: deadline))
        sendWaiting()
        if failure == nil { arm(deadline) }
        return try await ticket.value(cancelled: .failure(Connection.cancelled)).get()
    }

    /// Sends a statement whose answer nobody waits for.
    func submitUnattended(_ statement: Statement) {
        guard failure == nil else { return }
        let deadline = ContinuousClock.now + configuration.queryTimeout
        flags.withLock { $0.isClean = false }
        if let session {
            let work = Pipeline<Ticket, Rows>.Work.segment([Query(statement)])
            return submit(work, to: session, deadline: deadline, ticket: Ticket())
        }
        pipeline.submit(
            .init(ticket: Ticket(), work: .segment([Query(statement)]), deadline: deadline))
        sendWaiting()
        if failure == nil { arm(deadline) }
    }

    private static let cancelled = PostgresError(.cancelled, "the task was cancelled")

    // MARK: Life cycle

    /// Registers with the reactor; must run once, right after creation.
    func start() {
        registration = reactor.watch(descriptor, interest: .read) { [weak self] readiness in
            self?.assumeIsolated { $0.ready(readiness) }
        }
        if registration == nil {
            shut(PostgresError(.connectFailed, "the reactor takes no more descriptors"))
        }
    }

    /// Ends the session from any thread, soon.
    nonisolated func closeSoon() { reactor.post { self.assumeIsolated { $0.close() } } }

    /// Calls back once when the session has ended, at once if it has.
    func onClose(_ action: @escaping @Sendable (PostgresError) -> Void) {
        if let failure { action(failure) } else { whenClosed.append(action) }
    }

    /// Calls back once when nothing is under way or the session has ended.
    func onIdle(_ action: @escaping @Sendable () -> Void) {
        let isIdle = pipeline.isEmpty && sessionWork == 0
        if failure != nil || isIdle { action() } else { whenIdle.append(action) }
    }

    func setNotificationHandler(_ handler: @escaping @Sendable (String, String) -> Void) {
        onNotification = handler
        session?.onNotification(handler)
    }

    func forgetLastError() { lastSQLState = nil }

    /// Ends the session with a reason; does nothing the second time.
    func shut(_ reason: PostgresError) {
        guard failure == nil else { return }
        failure = reason
        flags.withLock {
            $0.isOpen = false
            $0.isClean = false
        }
        if let registration { reactor.unwatch(descriptor, id: registration) }
        registration = nil
        if let timer { reactor.cancel(timer.id) }
        timer = nil
        wire.finish()
        session?.close()
        for (submission, error) in pipeline.failAll(reason) {
            submission.ticket.deliver(.failure(error))
        }
        let closed = whenClosed
        let idle = whenIdle
        whenClosed = []
        whenIdle = []
        for action in idle { action() }
        for action in closed { action(reason) }
    }

    // MARK: Deadlines

    private func arm(_ deadline: ContinuousClock.Instant) {
        if let timer {
            guard deadline < timer.deadline else { return }
            reactor.cancel(timer.id)
        }
        let id = reactor.schedule(at: deadline) { [weak self] in
            self?.assumeIsolated { $0.deadlinePassed() }
        }
        timer = (id, deadline)
    }

    private func deadlinePassed() {
        timer = nil
        guard failure == nil, let earliest = pipeline.earliestDeadline else { return }
        let now = ContinuousClock.now
        guard earliest <= now else { return arm(earliest) }
        let lost = PostgresError(
            .connectionLost, "the connection was closed because a statement missed its deadline")
        for late in pipeline.expired(at: now) {
            late.deliver(.failure(PostgresError(.timeout, "the statement missed its deadline")))
        }
        shut(lost)
    }

    // MARK: Input and output

    private func ready(_ readiness: Reactor.Readiness) {
        guard failure == nil else { return }
        if readiness.contains(.read) {
            guard wire.consume() else { return lose() }
            receive()
        }
        if failure == nil, isWaitingToWrite || readiness.contains(.write) { flush() }
    }

    private func receive() {
        while failure == nil {
            while pipeline.hasAnswersOutstanding, !wire.isBusy {
                let result = wire.nextResult()
                handle(result)
                guard failure == nil else { return }
            }
            // New work may have been sent by `handle`, and its answer may be here already.
            if !pipeline.hasAnswersOutstanding || wire.isBusy { break }
        }
        while failure == nil, let notification = wire.nextNotification() {
            onNotification?(notification.channel, notification.payload)
        }
    }

    private func handle(_ result: Rows?) {
        let event: Pipeline<Ticket, Rows>.Event
        switch result?.status {
        case nil: event = .end
        case .rows: event = result.map { .value($0) } ?? .end
        case .failure: event = .failure(result?.error ?? Connection.cancelled)
        case .aborted: event = .aborted
        case .sync: event = .sync
        case .unsupported:
            return shut(PostgresError(.connectionLost, "COPY is not supported on a connection"))
        }
        do throws(PostgresError) {
            if let completion = try pipeline.receive(event) { complete(completion) }
        } catch {
            return shut(error)
        }
        if wire.isBroken { lose() }
    }

    private func complete(_ completion: Pipeline<Ticket, Rows>.Completion) {
        if case .script = completion.submission.work, !wire.enterPipeline() { return lose() }
        for statement in completion.unprepared { statements.forget(statement) }
        let isOutside = wire.isOutsideTransaction
        if case .failure(let error) = completion.result {
            lastSQLState = error.sqlState
            var again = completion.submission
            if error.isStaleStatement, isOutside, again.retries < Limits.staleStatementRetries {
                again.retries += 1
                pipeline.resubmit(again)
                return sendWaiting()
            }
        }
        if pipeline.isEmpty { flags.withLock { $0.isClean = isOutside } }
        completion.submission.ticket.deliver(completion.result)
        sendWaiting()
        if failure == nil, pipeline.isEmpty {
            let idle = whenIdle
            whenIdle = []
            for action in idle { action() }
        }
    }

    /// Ends the session because the socket did.
    func lose() {
        let reason = wire.errorMessage
        shut(
            PostgresError(
                .connectionLost, reason.isEmpty ? "the connection to Postgres broke" : reason))
    }

    func flush() {
        switch wire.flush() {
        case .failed: lose()
        case .done: setWaitingToWrite(false)
        case .blocked: setWaitingToWrite(true)
        }
    }

    private func setWaitingToWrite(_ isWaiting: Bool) {
        guard isWaiting != isWaitingToWrite, let registration else { return }
        isWaitingToWrite = isWaiting
        reactor.rewatch(
            descriptor, id: registration, interest: isWaiting ? [.read, .write] : [.read])
    }
}
