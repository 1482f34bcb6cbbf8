import ServiceLifecycle
import Telemetry
import WritePath

/// Publishes how many jobs wait and run, looked up now and then rather than at every scrape.
struct JobGauges: Service {
    let queue: JobQueue
    let stage: StartupStage
    private let gauges: [JobState: Gauge]

    init(queue: JobQueue, stage: StartupStage, registry: MetricsRegistry) {
        self.queue = queue
        self.stage = stage
        gauges = Dictionary(
            uniqueKeysWithValues: [JobState.queued, .running].map { state in
                let gauge = registry.gauge(
                    "catalog_jobs", help: "Jobs that are not finished, by state.",
                    labels: [("state", state.rawValue)])
                return (state, gauge)
            })
    }

    func run() async throws {
        await stage.wait(for: .migrated)
        await cancelWhenGracefulShutdown {
            while !Task.isCancelled {
                // While the store is away the last numbers stand.
                if let counts = try? await queue.unfinished() {
                    for (state, gauge) in gauges { gauge.set(counts[state] ?? 0) }
                }
                try? await Task.sleep(for: ServerLimits.jobGaugeInterval)
            }
        }
    }
}
