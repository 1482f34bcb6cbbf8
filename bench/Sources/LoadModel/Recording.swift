/// What one stream of requests has seen; streams are merged at the end.
package struct Recording: Sendable {
    /// One part of the scenario's time.
    package struct Slice: Sendable, Hashable {
        package var answers = 0
        package var hits = 0
        /// Answers that say anything about the cache.
        package var outcomes = 0
        package var failures = 0
    }

    /// By operation, from the time at which each request was due.
    package private(set) var latencies = Operation.allCases.map { _ in LatencyHistogram() }
    /// From the time at which each request was sent.
    package private(set) var service = LatencyHistogram()
    package private(set) var slices: [Slice]
    package private(set) var statuses: [Int: Int] = [:]
    package private(set) var outcomes: [CacheOutcome: Int] = [:]
    /// Answers of a status that the operation does not want.
    package private(set) var unexpected = 0
    package private(set) var lostConnections = 0
    package private(set) var malformed = 0
    /// Requests that were due and had no answer when the patience ended.
    package private(set) var unanswered = 0
    private let sliceNanoseconds: UInt64

    package init(slices: Int, sliceNanoseconds: UInt64) {
        precondition(slices > 0 && sliceNanoseconds > 0, "a timeline has slices")
        self.slices = Array(repeating: Slice(), count: slices)
        self.sliceNanoseconds = sliceNanoseconds
    }

    /// Counts an answer; times are nanoseconds from the end of the warm-up.
    package mutating func answer(
        _ operation: Operation, _ head: ResponseHead, due: UInt64, sent: UInt64, now: UInt64
    ) {
        latencies[operation.index].record(nanoseconds: now - min(due, now))
        service.record(nanoseconds: now - min(sent, now))
        statuses[head.status, default: 0] += 1
        outcomes[head.cache, default: 0] += 1
        let isExpected = operation.expects(status: head.status)
        if !isExpected { unexpected += 1 }
        let slice = slice(at: now)
        slices[slice].answers += 1
        if !isExpected { slices[slice].failures += 1 }
        if head.cache != .unsaid { slices[slice].outcomes += 1 }
        if head.cache == .hit { slices[slice].hits += 1 }
    }

    /// Counts a request that will have no answer, with the time that was waited for it.
    package mutating func noAnswer(_ operation: Operation?, due: UInt64, now: UInt64) {
        unanswered += 1
        slices[slice(at: now)].failures += 1
        if let operation {
            latencies[operation.index].record(nanoseconds: now - min(due, now))
        }
    }

    package mutating func lostConnection() { lostConnections += 1 }

    package mutating func malformedAnswer() { malformed += 1 }

    package mutating func merge(_ other: Recording) {
        precondition(slices.count == other.slices.count, "recordings of one scenario")
        for index in latencies.indices { latencies[index].merge(other.latencies[index]) }
        service.merge(other.service)
        for index in slices.indices {
            slices[index].answers += other.slices[index].answers
            slices[index].hits += other.slices[index].hits
            slices[index].outcomes += other.slices[index].outcomes
            slices[index].failures += other.slices[index].failures
        }
        statuses.merge(other.statuses, uniquingKeysWith: +)
        outcomes.merge(other.outcomes, uniquingKeysWith: +)
        unexpected += other.unexpected
        lostConnections += other.lostConnections
        malformed += other.malformed
        unanswered += other.unanswered
    }

    /// Answers that come after the last slice count into it.
    private func slice(at now: UInt64) -> Int {
        min(Int(now / sliceNanoseconds), slices.count - 1)
    }
}
