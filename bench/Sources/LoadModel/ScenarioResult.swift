package import Foundation

/// What came out of one scenario; written as JSON and read again by the report.
package struct ScenarioResult: Codable, Sendable {
    /// One part of the measured time.
    package struct TimeSlice: Codable, Sendable, Hashable {
        /// Where the slice begins, from the end of the warm-up.
        package let second: Double
        package let perSecond: Double
        /// Nil when no answer spoke of the cache.
        package let hitRatio: Double?
        package let failures: Int
        package let cpuMicrosPerRequest: Double?
    }

    package let scenario: Scenario
    package let machine: Machine
    package let began: Date
    /// All reads together, from the time at which each was due.
    package let reads: LatencySummary
    package let writes: LatencySummary
    /// All requests, from the time at which each was sent.
    package let service: LatencySummary
    package let operations: [Operation: LatencySummary]
    package let curve: [CurvePoint]
    package let requestsPerSecond: Double
    package let statuses: [String: Int]
    package let outcomes: [CacheOutcome: Int]
    /// Hits among the answers that speak of the cache.
    package let hitRatio: Double?
    /// The same over the last quarter of the time, for a cold start.
    package let finalHitRatio: Double?
    /// Requests that failed in any way, of all.
    package let failureRatio: Double
    package let lostConnections: Int
    package let unanswered: Int
    /// Processor time of the server for each answer, user and system.
    package let cpuMicrosPerRequest: Double?
    /// Processor time of the load generator for each answer.
    package let generatorMicrosPerRequest: Double?
    package let timeline: [TimeSlice]
}

/// Processor time at the borders of the slices, in microseconds; one more than there are slices.
package struct ProcessorSamples: Sendable {
    package var server: [Int]
    package var generator: (first: Int, last: Int)?

    package init(server: [Int] = [], generator: (first: Int, last: Int)? = nil) {
        self.server = server
        self.generator = generator
    }
}

extension ScenarioResult {
    /// Sums up a finished run.
    package init(
        _ scenario: Scenario, _ recording: Recording, _ samples: ProcessorSamples,
        machine: Machine, began: Date, sliceSeconds: Double
    ) {
        self.scenario = scenario
        self.machine = machine
        self.began = began
        var reads = LatencyHistogram()
        var operations: [Operation: LatencySummary] = [:]
        for operation in Operation.allCases {
            let latencies = recording.latencies[operation.index]
            guard latencies.count > 0 else { continue }
            operations[operation] = latencies.summary
            if operation != .write { reads.merge(latencies) }
        }
        self.operations = operations
        self.reads = reads.summary
        curve = reads.curve
        writes = recording.latencies[Operation.write.index].summary
        service = recording.service.summary
        let answers = recording.slices.reduce(0) { $0 + $1.answers }
        requestsPerSecond = Double(answers) / scenario.seconds
        statuses = Dictionary(
            uniqueKeysWithValues: recording.statuses.map { (String($0.key), $0.value) })
        outcomes = recording.outcomes
        hitRatio = Self.hitRatio(recording.slices[...])
        finalHitRatio = Self.hitRatio(recording.slices.suffix(max(1, recording.slices.count / 4)))
        lostConnections = recording.lostConnections
        unanswered = recording.unanswered
        let failures = recording.unexpected + recording.unanswered + recording.malformed
        failureRatio = Double(failures) / Double(max(1, answers + recording.unanswered))
        cpuMicrosPerRequest = Self.perRequest(
            samples.server.first, samples.server.last, answers)
        generatorMicrosPerRequest = Self.perRequest(
            samples.generator?.first, samples.generator?.last, answers)
        timeline = Self.timeline(recording, samples, sliceSeconds)
    }

    private static func timeline(
        _ recording: Recording, _ samples: ProcessorSamples, _ sliceSeconds: Double
    ) -> [TimeSlice] {
        recording.slices.enumerated().map { index, slice in
            let hasSamples = index + 1 < samples.server.count
            return TimeSlice(
                second: Double(index) * sliceSeconds,
                perSecond: Double(slice.answers) / sliceSeconds,
                hitRatio: hitRatio([slice]), failures: slice.failures,
                cpuMicrosPerRequest: hasSamples
                    ? perRequest(samples.server[index], samples.server[index + 1], slice.answers)
                    : nil)
        }
    }

    private static func hitRatio(_ slices: ArraySlice<Recording.Slice>) -> Double? {
        let outcomes = slices.reduce(0) { $0 + $1.outcomes }
        guard outcomes > 0 else { return nil }
        return Double(slices.reduce(0) { $0 + $1.hits }) / Double(outcomes)
    }

    private static func perRequest(_ first: Int?, _ last: Int?, _ answers: Int) -> Double? {
        guard let first, let last, answers > 0 else { return nil }
        return Double(last - first) / Double(answers)
    }
}
