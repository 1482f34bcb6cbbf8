import Foundation
package import LoadModel
import NIOCore
import NIOPosix

/// One scenario against one server.
package struct LoadRun {
    private let scenario: Scenario
    private let host: String
    private let port: Int
    private let processes: [Int]
    private let threads: Int
    private let headers: [String]
    private let drainSeconds: Double

    /// Takes a checked scenario.
    ///
    /// `processes` are those whose processor time is the server's, `headers` lines of every request;
    /// answers are waited for `drainSeconds` after the last request was due.
    package init(
        scenario: Scenario, host: String, port: Int, processes: [Int] = [], threads: Int = 1,
        headers: [String] = [], drainSeconds: Double = LoadLimits.drainSeconds
    ) {
        precondition(threads > 0 && drainSeconds > 0, "a run has a thread and some patience")
        self.scenario = scenario
        self.host = host
        self.port = port
        self.processes = processes
        self.threads = threads
        self.headers = headers
        self.drainSeconds = drainSeconds
    }

    /// How the time is cut for the plots.
    private var slices: (count: Int, seconds: Double) {
        let finest = scenario.seconds / Double(LoadLimits.timelineSlices)
        let count = max(1, Int(scenario.seconds / max(LoadLimits.minSliceSeconds, finest)))
        return (count, scenario.seconds / Double(count))
    }

    /// Runs the scenario; the generator's threads end with it.
    package func result() async throws -> ScenarioResult {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: threads)
        do {
            let result = try await run(on: group)
            try await group.shutdownGracefully()
            return result
        } catch {
            try? await group.shutdownGracefully()
            throw error
        }
    }

    private func run(on group: MultiThreadedEventLoopGroup) async throws -> ScenarioResult {
        let machine = Machine.current
        let began = Date()
        let clock = StreamClock(
            start: NIODeadline.now() + .milliseconds(50), warmUp: scenario.warmUpSeconds,
            seconds: scenario.seconds, patience: drainSeconds)
        var recordings: [EventLoopFuture<Recording>] = []
        for plan in plans() {
            recordings.append(stream(plan, clock, on: group.next()))
        }
        async let sampled = samples(clock)
        var total = Recording(
            slices: slices.count, sliceNanoseconds: UInt64(slices.seconds * 1e9))
        for recording in recordings { total.merge(try await recording.get()) }
        return ScenarioResult(
            scenario, total, await sampled, machine: machine, began: began,
            sliceSeconds: slices.seconds)
    }

    /// The streams: one of the mix for each thread, and one that writes beside.
    private func plans() -> [StreamPlan] {
        let count = min(threads, scenario.connections)
        var plans = (0..<count).map { part in
            StreamPlan(
                schedule: scenario.loop == .open ? schedule(part, of: count) : nil,
                connections: scenario.connections / count
                    + (part < scenario.connections % count ? 1 : 0),
                requests: source(scenario.mix, stream: part))
        }
        if let writes = scenario.writesPerSecond {
            plans.append(
                StreamPlan(
                    schedule: ArrivalSchedule(
                        perSecond: writes, spread: scenario.spread ?? .poisson,
                        seed: scenario.seed &+ 0x5EED),
                    connections: LoadLimits.stormConnections,
                    requests: source([.write: 1], stream: count)))
        }
        return plans
    }

    private func schedule(_ part: Int, of parts: Int) -> ArrivalSchedule {
        ArrivalSchedule(
            perSecond: scenario.rate ?? 1, spread: scenario.spread ?? .poisson,
            seed: scenario.seed, part: part, of: parts)
    }

    private func source(_ mix: [LoadModel.Operation: Int], stream: Int) -> RequestSource {
        RequestSource(
            scenario, mix: mix,
            catalog: SeededCatalog(host: "\(host):\(port)", headers: headers), stream: stream)
    }

    private func stream(
        _ plan: StreamPlan, _ clock: StreamClock, on loop: any EventLoop
    ) -> EventLoopFuture<Recording> {
        let done = loop.makePromise(of: Recording.self)
        let recording = Recording(
            slices: slices.count, sliceNanoseconds: UInt64(slices.seconds * 1e9))
        loop.execute {
            LoadStream(
                plan, clock: clock, recording: recording, keys: scenario.keys, host: host,
                port: port, on: loop, done: done
            ).start()
        }
        return done.futureResult
    }

    /// Reads processor times at the border of every slice of the measured time.
    private func samples(_ clock: StreamClock) async -> ProcessorSamples {
        var samples = ProcessorSamples()
        let own = [Int(ProcessInfo.processInfo.processIdentifier)]
        var first: Int?
        for border in 0...slices.count {
            let due = clock.warmEnd + .nanoseconds(Int64(Double(border) * slices.seconds * 1e9))
            let wait = due - NIODeadline.now()
            if wait > .zero { try? await Task.sleep(for: .nanoseconds(wait.nanoseconds)) }
            if let time = ProcessTimes.sum(processes) { samples.server.append(time) }
            if let time = ProcessTimes.sum(own) {
                samples.generator = (first ?? time, time)
                first = first ?? time
            }
        }
        return samples
    }
}

/// The times of a run, the same for all its streams.
struct StreamClock: Sendable {
    let start: NIODeadline
    /// What was due before is not counted.
    let warmEnd: NIODeadline
    /// Nothing is due from here on.
    let end: NIODeadline
    /// Nothing is waited for any longer.
    let patience: NIODeadline

    init(start: NIODeadline, warmUp: Double, seconds: Double, patience drainSeconds: Double) {
        func later(_ seconds: Double) -> NIODeadline {
            start + .nanoseconds(Int64(seconds * 1e9))
        }
        self.start = start
        warmEnd = later(warmUp)
        end = later(warmUp + seconds)
        patience = later(warmUp + seconds + drainSeconds)
    }
}

/// What one stream does.
struct StreamPlan: Sendable {
    /// Nil for a closed loop.
    let schedule: ArrivalSchedule?
    let connections: Int
    let requests: RequestSource
}
