import CatalogModel
import Invalidation
import Postgres
import Telemetry
import WritePath

/// What the management of sources needs, made once for a replica.
struct ManagementParts: Sendable {
    let manager: SourceManager
    let overlays: EntityOverlays
    let refresher: SourceRefresher
    let loader: SourceLoader
    let secrets: SecretResolver
    let content: SourceContent
    let directory: SourceWatch

    /// Makes the parts over the pool's database and the config store.
    init(
        pool: Pool, config: any ConfigStore, loader: SourceLoader, secrets: SecretResolver,
        refresher: SourceRefresher, sources: SourceDirectory, observer: Observer
    ) throws {
        manager = SourceManager(pool: pool, config: config, observer: observer)
        overlays = EntityOverlays(pool: pool, observer: observer)
        self.refresher = refresher
        self.loader = loader
        self.secrets = secrets
        content = SourceContent(thread: try Reactor())
        directory = SourceWatch(catalog: SourceCatalog(pool: pool), directory: sources)
    }

    /// The handler of the management routes.
    func handler(
        jobs: JobHandler, runsJobs: Bool, reads: ReadHandler, audit: AuditHandler,
        discovery: DiscoveryCache?, feed: WrittenFeed
    ) -> ManagementHandler {
        let directory = directory
        return ManagementHandler(
            manager: manager, overlays: overlays, refresher: refresher, loader: loader,
            secrets: secrets, content: content, jobs: jobs, runsJobs: runsJobs, reads: reads,
            audit: audit,
            discovery: discovery, feed: feed, onChange: { await directory.look() })
    }
}
