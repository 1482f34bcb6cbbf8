/// Decides what an event does to a job; holds no clock and touches no database.
package struct JobMachine: Sendable, Equatable {
    /// Something that happens to a job.
    package enum Event: Sendable, Equatable {
        case claimed
        case succeeded(JobResult)
        /// An attempt failed; `jitter` in 0...1 spreads the retries.
        case failed(JobFailure, jitter: Double)
        /// Somebody wants the job to stop.
        case cancelAsked
        /// The runner stopped because it was asked to.
        case stopped
        /// The worker went away or took too long.
        case timedOut
        /// The worker shuts down before the job is done.
        case interrupted
        /// The worker's replica has not applied what caused the job.
        case behind
    }

    /// What becomes of the job.
    package struct Change: Sendable, Equatable {
        package var state: JobState
        package var attempt: Int
        package var isCancelRequested = false
        /// Delay before the job may be claimed; zero unless queued for a retry.
        package var delay: Duration = .zero
        /// New message, or nil to keep none.
        package var message: String?
        /// New last error, or nil to keep the one before.
        package var lastError: String?
        package var result: JobResult?
    }

    package static let canceledMessage = "Canceled by user"
    package static let timedOutMessage = "Timed out (stuck job recovery)"
    package static let interruptedMessage = "Interrupted by shutdown"

    package let state: JobState
    package let attempt: Int
    package let isCancelRequested: Bool
    /// Attempts after which a transient failure is the end.
    package let attempts: Int

    /// Takes the job as it is.
    package init(
        state: JobState, attempt: Int, isCancelRequested: Bool = false,
        attempts: Int = JobLimits.attempts
    ) {
        precondition(attempt >= 0)
        self.state = state
        self.attempt = attempt
        self.isCancelRequested = isCancelRequested
        self.attempts = attempts
    }

    /// What the event does, or nil when it does not apply to a job in this state.
    package func after(_ event: Event) -> Change? {
        switch (state, event) {
        case (.queued, .claimed):
            Change(state: .running, attempt: attempt + 1)
        case (.queued, .cancelAsked), (.running, .stopped):
            canceled
        case (.running, .cancelAsked):
            Change(state: .running, attempt: attempt, isCancelRequested: true)
        case (.running, .succeeded(let result)):
            Change(state: .succeeded, attempt: attempt, message: result.message, result: result)
        case (.running, .failed(let failure, let jitter)):
            afterFailure(failure, jitter: jitter)
        case (.running, .timedOut):
            afterTimeout
        case (.running, .interrupted):
            afterInterruption
        case (.running, .behind):
            isCancelRequested
                ? canceled
                : Change(
                    state: .queued, attempt: max(0, attempt - 1), delay: JobLimits.behindDelay)
        default: nil
        }
    }

    /// Delay before the next attempt: drawn from zero to a ceiling that doubles with each failure.
    package static func backoff(attempt: Int, jitter: Double) -> Duration {
        precondition(attempt >= 1 && (0...1).contains(jitter))
        let doubled = JobLimits.backoffMinimum * (1 << min(attempt - 1, 16))
        return min(doubled, JobLimits.backoffMaximum) * jitter
    }

    private var canceled: Change {
        Change(state: .canceled, attempt: attempt, message: JobMachine.canceledMessage)
    }

    private func afterFailure(_ failure: JobFailure, jitter: Double) -> Change {
        if isCancelRequested { return canceled }
        guard failure.isTransient else {
            return Change(
                state: .failed, attempt: attempt, message: failure.message,
                lastError: failure.message)
        }
        return retry(
            failure.message, delay: JobMachine.backoff(attempt: max(1, attempt), jitter: jitter))
    }

    private var afterTimeout: Change {
        isCancelRequested ? canceled : retry(JobMachine.timedOutMessage, delay: .zero)
    }

    /// A shutdown is not the job's fault: the attempt does not count.
    private var afterInterruption: Change {
        if isCancelRequested { return canceled }
        return Change(
            state: .queued, attempt: max(0, attempt - 1),
            lastError: JobMachine.interruptedMessage)
    }

    private func retry(_ error: String, delay: Duration) -> Change {
        guard attempt < attempts else {
            return Change(
                state: .failed, attempt: attempt, message: "Max retries exceeded: \(error)",
                lastError: error)
        }
        return Change(state: .queued, attempt: attempt, delay: delay, lastError: error)
    }
}
