import Testing

@testable import WritePath

@Suite("What an event does to a job")
struct JobMachineTests {
    static let transient = JobFailure("gone", isTransient: true)
    static let permanent = JobFailure("bad file", isTransient: false)

    struct Row: Sendable {
        let state: JobState
        var attempt = 1
        var asked = false
        let event: JobMachine.Event
        let expected: JobMachine.Change?
    }

    static let rows: [Row] = [
        Row(
            state: .queued, attempt: 0, event: .claimed,
            expected: .init(state: .running, attempt: 1)),
        Row(state: .running, event: .claimed, expected: nil),
        Row(
            state: .running, event: .succeeded(JobResult(loaded: 6, removed: 0)),
            expected: .init(
                state: .succeeded, attempt: 1, message: "Loaded 6 entities, removed 0",
                result: JobResult(loaded: 6, removed: 0))),
        Row(
            state: .running, event: .failed(transient, jitter: 1),
            expected: .init(state: .queued, attempt: 1, delay: .seconds(2), lastError: "gone")),
        Row(
            state: .running, attempt: 2, event: .failed(transient, jitter: 0.5),
            expected: .init(state: .queued, attempt: 2, delay: .seconds(2), lastError: "gone")),
        Row(
            state: .running, attempt: 3, event: .failed(transient, jitter: 1),
            expected: .init(
                state: .failed, attempt: 3, message: "Max retries exceeded: gone",
                lastError: "gone")),
        Row(
            state: .running, event: .failed(permanent, jitter: 1),
            expected: .init(
                state: .failed, attempt: 1, message: "bad file", lastError: "bad file")),
        Row(
            state: .running, asked: true, event: .failed(transient, jitter: 1),
            expected: .init(state: .canceled, attempt: 1, message: "Canceled by user")),
        Row(
            state: .queued, attempt: 0, event: .cancelAsked,
            expected: .init(state: .canceled, attempt: 0, message: "Canceled by user")),
        Row(
            state: .running, event: .cancelAsked,
            expected: .init(state: .running, attempt: 1, isCancelRequested: true)),
        Row(
            state: .running, asked: true, event: .stopped,
            expected: .init(state: .canceled, attempt: 1, message: "Canceled by user")),
        Row(
            state: .running, event: .timedOut,
            expected: .init(
                state: .queued, attempt: 1, lastError: "Timed out (stuck job recovery)")),
        Row(
            state: .running, attempt: 3, event: .timedOut,
            expected: .init(
                state: .failed, attempt: 3,
                message: "Max retries exceeded: Timed out (stuck job recovery)",
                lastError: "Timed out (stuck job recovery)")),
        Row(
            state: .running, asked: true, event: .timedOut,
            expected: .init(state: .canceled, attempt: 1, message: "Canceled by user")),
        Row(
            state: .running, event: .interrupted,
            expected: .init(state: .queued, attempt: 0, lastError: "Interrupted by shutdown")),
        Row(
            state: .running, event: .behind,
            expected: .init(state: .queued, attempt: 0, delay: .seconds(1))),
        Row(
            state: .running, asked: true, event: .behind,
            expected: .init(state: .canceled, attempt: 1, message: "Canceled by user")),
    ]

    @Test(arguments: rows)
    func tableOfEvents(_ row: Row) {
        let machine = JobMachine(
            state: row.state, attempt: row.attempt, isCancelRequested: row.asked)
        #expect(machine.after(row.event) == row.expected)
    }

    @Test(arguments: [JobState.succeeded, .failed, .canceled])
    func nothingHappensToAJobThatIsOver(_ state: JobState) {
        let machine = JobMachine(state: state, attempt: 1)
        let events: [JobMachine.Event] = [
            .claimed, .succeeded(JobResult(loaded: 1, removed: 1)), .cancelAsked, .stopped,
            .failed(Self.transient, jitter: 1), .timedOut, .interrupted,
        ]
        #expect(state.isTerminal)
        for event in events { #expect(machine.after(event) == nil) }
    }

    @Test func delaysDoubleUpToACeilingAndJitterReachesZero() {
        let ceilings = (1...8).map { JobMachine.backoff(attempt: $0, jitter: 1) }
        #expect(
            ceilings.prefix(5) == [
                .seconds(2), .seconds(4), .seconds(8), .seconds(16), .seconds(32),
            ])
        #expect(ceilings.suffix(3).allSatisfy { $0 == JobLimits.backoffMaximum })
        #expect(JobMachine.backoff(attempt: 5, jitter: 0) == .zero)
        #expect(JobMachine.backoff(attempt: 1_000, jitter: 1) == JobLimits.backoffMaximum)
    }
}
