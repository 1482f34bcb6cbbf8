/// What was sent on a connection and what is still to come back; pure, without I/O and clock.
///
/// `Ticket` stands for whoever waits, `Value` for the answer to one statement.
struct Pipeline<Ticket, Value> {
    enum Work {
        /// Statements under one sync: they succeed or fail as one.
        case segment([Query])
        /// Several statements in one text, sent outside pipeline mode with nothing else under way.
        case script(String)
    }

    struct Submission {
        let ticket: Ticket
        let work: Work
        let deadline: ContinuousClock.Instant
        /// How often it was sent again because a prepared statement was gone.
        var retries = 0
    }

    enum Step: Equatable {
        case prepare(Statement)
        case execute(Statement)
    }

    enum Event {
        case value(Value)
        case failure(PostgresError)
        /// A statement behind a failed one of the same segment.
        case aborted
        /// End of a segment.
        case sync
        /// End of one statement's results; of a script it is the end.
        case end
    }

    struct Completion {
        let submission: Submission
        let result: Result<[Value], PostgresError>
        /// Statements whose preparation did not happen or which the server no longer accepts.
        let unprepared: [Statement]
    }

    struct Sent {
        let submission: Submission
        var steps: [Step]
        var position = 0
        var values: [Value] = []
        var failure: PostgresError?
        var unprepared: [Statement] = []
    }

    private var pending = FIFO<Submission>()
    private var sent = FIFO<Sent>()

    var isEmpty: Bool { pending.isEmpty && sent.isEmpty }
    var hasAnswersOutstanding: Bool { !sent.isEmpty }
    var isFull: Bool { pending.count >= Limits.submissionsPending }
    /// Whether a script is under way, so that the connection is out of pipeline mode.
    var isInScript: Bool { if case .script = sent.first?.submission.work { true } else { false } }

    mutating func submit(_ submission: Submission) { pending.append(submission) }

    /// Puts a submission in front of those not sent yet.
    mutating func resubmit(_ submission: Submission) { pending.prepend(submission) }

    /// The next submission that may be sent now, removed from those that wait.
    mutating func takeSendable() -> Submission? {
        guard let next = pending.first, !isInScript, sent.count < Limits.submissionsInFlight else {
            return nil
        }
        if case .script = next.work, !sent.isEmpty { return nil }
        return pending.popFirst()
    }

    /// Notes that a submission went out in these steps.
    mutating func didSend(_ submission: Submission, steps: [Step]) {
        sent.append(Sent(submission: submission, steps: steps))
    }

    /// Takes one event from the server; returns the submission that it completes.
    ///
    /// Throws `.connectionLost` for an event that cannot come here: the stream is out of step.
    mutating func receive(_ event: Event) throws(PostgresError) -> Completion? {
        guard let front = sent.first else {
            if case .end = event { return nil }
            throw PostgresError(.connectionLost, "an answer came that nobody asked for")
        }
        if case .script = front.submission.work { return receiveForScript(event) }
        switch event {
        case .end: return nil
        case .sync:
            guard front.position == front.steps.count, let done = sent.popFirst() else {
                throw PostgresError(.connectionLost, "the end of a segment came too early")
            }
            return Pipeline.completion(of: done)
        case .value, .failure, .aborted:
            guard front.position < front.steps.count else {
                throw PostgresError(.connectionLost, "a segment got more answers than statements")
            }
            sent.updateFirst { $0.advance(event) }
            return nil
        }
    }

    private mutating func receiveForScript(_ event: Event) -> Completion? {
        if case .end = event { return sent.popFirst().map(Pipeline.completion) }
        sent.updateFirst { $0.note(event) }
        return nil
    }

    private static func completion(of done: Sent) -> Completion {
        Completion(
            submission: done.submission,
            result: done.failure.map { .failure($0) } ?? .success(done.values),
            unprepared: done.unprepared)
    }

    /// Earliest deadline of anything that waits here.
    var earliestDeadline: ContinuousClock.Instant? {
        let deadlines =
            pending.elements.lazy.map(\.deadline) + sent.elements.lazy.map(\.submission.deadline)
        return deadlines.min()
    }

    /// Tickets whose deadline has passed.
    func expired(at now: ContinuousClock.Instant) -> [Ticket] {
        sent.elements.filter { $0.submission.deadline <= now }.map(\.submission.ticket)
            + pending.elements.filter { $0.deadline <= now }.map(\.ticket)
    }

    /// Empties everything with one error; a submission that got its own error keeps that.
    mutating func failAll(_ error: PostgresError) -> [(Submission, PostgresError)] {
        sent.drain().map { ($0.submission, $0.failure ?? error) }
            + pending.drain().map { ($0, error) }
    }
}

extension Pipeline.Sent {
    fileprivate mutating func advance(_ event: Pipeline.Event) {
        let step = steps[position]
        position += 1
        switch (step, event) {
        case (.prepare, .value): break
        case (.prepare(let statement), _): unprepared.append(statement)
        case (.execute(let statement), .failure(let error)) where error.isStaleStatement:
            unprepared.append(statement)
        default: break
        }
        if case .prepare = step, case .value = event { return }
        note(event)
    }

    fileprivate mutating func note(_ event: Pipeline.Event) {
        switch event {
        case .value(let value): values.append(value)
        case .failure(let error): if failure == nil { failure = error }
        case .aborted, .sync, .end: break
        }
    }
}
