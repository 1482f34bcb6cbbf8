import Postgres
import ReadPath
import Telemetry

/// Numbers of a replica that are looked up when somebody scrapes them.
struct ReplicaGauges: Sendable {
    let pool: Pool
    let caches: CacheDirectory
    let started: ContinuousClock.Instant
    /// Reads published state, does no I/O.
    let readiness: @Sendable () -> Readiness

    /// Registers them; a scrape costs a few microseconds, and one for each cache.
    func add(to registry: MetricsRegistry) {
        addState(to: registry)
        addPool(to: registry)
        let caches = caches
        registry.callbackGauge(
            "catalog_cache_namespaces", help: "Namespaces that this replica holds a cache of."
        ) { caches.count }
        registry.callbackGauge(
            "catalog_cache_bytes", help: "Bytes that the pages of all caches take."
        ) { caches.usedBytes }
        registry.callbackGauge(
            "catalog_page_cache_bytes", help: "Bytes of rendered pages that are kept in memory."
        ) { caches.pageLibrary.usedBytes }
    }

    private func addState(to registry: MetricsRegistry) {
        let (caches, started, readiness) = (caches, started, readiness)
        registry.gauge(
            "catalog_build_info", help: "The release that runs; always 1.",
            labels: [("version", CatalogServer.version)]
        ).set(1)
        registry.callbackGauge(
            "catalog_ready", help: "Whether this replica is ready: 1 or 0."
        ) { readiness().isReady ? 1 : 0 }
        registry.callbackGauge(
            "catalog_store_up", help: "Whether Postgres answers: 1 or 0."
        ) { readiness().database == nil ? 1 : 0 }
        registry.callbackSeconds(
            "catalog_staleness_seconds",
            help: "How old an answer of the stalest cache can be; 0 without caches."
        ) {
            let now = ContinuousClock.now
            // A cache that has not been proven since the start can be as old as the process.
            return caches.all.map { $0.freshness.bound(now: now) ?? started.duration(to: now) }
                .max()?.wholeMicros ?? 0
        }
    }

    private func addPool(to registry: MetricsRegistry) {
        let pool = pool
        registry.callbackGauge(
            "catalog_postgres_connections_open", help: "Open connections of the pool."
        ) { pool.statistics.open }
        registry.callbackGauge(
            "catalog_postgres_connections_leased", help: "Connections of the pool in use."
        ) { pool.statistics.leased }
        registry.callbackGauge(
            "catalog_postgres_waiters", help: "Callers waiting for a connection of the pool."
        ) { pool.statistics.waiting }
        registry.callbackGauge(
            "catalog_postgres_queries", help: "Statements sent to Postgres since the start."
        ) { pool.statistics.queriesExecuted }
    }
}
