import Postgres
import ReadPath
import ServiceLifecycle
import Telemetry
import WritePath

/// What the console looks at, made once for a replica.
struct ConsoleParts: Sendable {
    let monitor: TrafficMonitor
    let board: ConsoleBoard
    let caches: CacheDirectory
    let pool: Pool
    let configuration: ServerConfiguration
    let started: ContinuousClock.Instant
    /// Streams ended because their client did not read.
    let stalls: Counter
    /// Reads published state, does no I/O.
    let readiness: @Sendable () -> Readiness

    var writeTimeout: Duration { configuration.changeWriteTimeout }

    /// Begins to sample once `monitor` runs.
    init(
        configuration: ServerConfiguration, requests: RequestMetrics,
        namespaces: NamespaceMetricsFamily, caches: CacheDirectory, pool: Pool, queue: JobQueue,
        started: ContinuousClock.Instant, stalls: Counter,
        readiness: @escaping @Sendable () -> Readiness
    ) {
        monitor = TrafficMonitor { TrafficCounts(requests, namespaces) }
        board = ConsoleBoard(
            records: ConsoleRecords(pool: pool),
            queue: configuration.jobsEnabled ? queue : nil,
            caches: ConsoleCaches(directory: caches, configured: Set(configuration.namespaces)))
        self.caches = caches
        self.pool = pool
        self.configuration = configuration
        self.started = started
        self.stalls = stalls
        self.readiness = readiness
    }
}

extension Replica {
    /// What tells its listeners that the server stops, before requests are waited for.
    var streams: [any Service] {
        guard let console else { return [changeStreams()] }
        return [changeStreams(), console.monitor]
    }
}
