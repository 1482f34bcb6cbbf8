import CatalogModel
import Hummingbird
import Invalidation
import LMDB
import Postgres
import ReadPath
import ServiceLifecycle
import Telemetry
import Upstream
import WritePath

/// The parts of one replica, wired: what reads need, what writes need, and the feed between them.
struct Replica: Sendable {
    private let configuration: ServerConfiguration
    private let registry: MetricsRegistry
    private let observer: Observer
    private let accessLog: AccessLog
    private let started: ContinuousClock.Instant
    private let access: AccessParts

    private let reactor: Reactor
    private let database: PostgresConfiguration
    private let pool: Pool
    private let hintPool: Pool
    private let feed: PostgresFeed
    private let hints: HintPublisher
    private let register: ReplicaRegistry
    private let caches: CacheDirectory
    private let replicator: Replicator
    private let primary: PrimaryHeads
    private let namespaceMetrics: NamespaceMetricsFamily
    private let requestMetrics: RequestMetrics
    private let queue: JobQueue
    private let workers: JobWorkers
    private let catalog: SourceCatalog
    private let sources = SourceDirectory()
    private let sourceParts: SourceParts
    private let sync: SourceSync
    private let discovery: DiscoveryCache?
    private let upstream: UpstreamFeed?
    private let relay: FeedRelay
    private let hub: ChangeHub
    private let changeMetrics: ChangeMetrics
    private let management: ManagementParts
    private let stage = StartupStage()
    private let leadership: Leadership
    let console: ConsoleParts?

    init(
        configuration: ServerConfiguration, registry: MetricsRegistry, observer: Observer,
        accessLog: AccessLog, access: AccessParts, started: ContinuousClock.Instant
    ) throws {
        self.configuration = configuration
        self.registry = registry
        self.observer = observer
        self.accessLog = accessLog
        self.started = started
        self.access = access
        leadership =
            configuration.election == nil ? Leadership() : Leadership(registry: registry)
        reactor = try Reactor()
        database = try configuration.database.open()
        pool = Pool(
            configuration: database, size: configuration.poolSize, reactor: reactor)
        hintPool = Pool(configuration: database, size: 1, reactor: reactor)
        var listening = database
        listening.applicationName = PostgresConfiguration.listenerName
        feed = PostgresFeed(pool: pool, configuration: listening, reactor: reactor)
        hints = HintPublisher(pool: hintPool)
        register = ReplicaRegistry(
            replica: ReplicaIdentity(name: configuration.replica),
            store: PostgresReplicaStore(pool: pool))
        namespaceMetrics = NamespaceMetricsFamily(registry: registry)
        requestMetrics = RequestMetrics(registry: registry)
        caches = CacheDirectory(
            path: configuration.cacheDirectory, kinds: KindTable(plugins: Plugins.all),
            bootID: MachineFacts.bootID,
            budget: configuration.cacheBudget.withinOpenFiles(observer), metrics: namespaceMetrics)
        let name = register.replica.id
        let upstream = configuration.upstream.map { UpstreamFeed(url: $0, name: name) }
        self.upstream = upstream
        let source: any ChangeFeed & ChangeLog = upstream ?? feed
        replicator = Replicator(
            caches: caches, feed: source, thread: WriterThread(name: "cache-writer"),
            observer: observer, metrics: namespaceMetrics, registry: register)
        let feed = feed
        primary = PrimaryHeads { namespaces throws(FeedError) in
            try await feed.primaryHeads(of: namespaces)
        }
        hub = ChangeHub(source: source, replicator: replicator, caches: caches)
        relay = FeedRelay(
            name: name, feed: source, log: source, replicator: replicator, caches: caches
        ) {
            upstream.map { $0.upstreams } ?? []
        }
        changeMetrics = ChangeMetrics(registry: registry)
        queue = JobQueue(
            pool: pool, observer: observer, attempts: configuration.jobRetries)
        catalog = SourceCatalog(pool: pool)
        let hints = hints
        sourceParts = try SourceParts(configuration)
        let secrets = SecretResolver(
            access.cluster.map { KubernetesSecrets(client: $0) },
            isConfined: configuration.tenancy == .namespace)
        let refresher = SourceRefresher(
            pool: pool, loader: sourceParts.loader, secrets: secrets, observer: observer
        ) { head in
            hints.publish(
                Hint(epoch: head.epoch, namespace: head.namespace, revision: head.revision))
        }
        management = try ManagementParts(
            pool: pool,
            config: try configuration.makeConfigStore(
                pool: pool, cluster: access.cluster, observer: observer),
            loader: sourceParts.loader, secrets: secrets, refresher: refresher, sources: sources,
            observer: observer)
        sync = SourceSync(
            catalog: catalog, queue: queue, refresher: refresher, files: sourceParts.files,
            observer: observer, runsJobs: configuration.jobsEnabled,
            interval: configuration.providers.watchInterval)
        var options = JobWorkers.Options()
        options.workers = configuration.jobConcurrency
        options.pollInterval = configuration.jobPollInterval
        options.claimTimeout = configuration.jobClaimTimeout
        options.retention = configuration.jobRetention
        let (caches, replicator) = (caches, replicator)
        workers = JobWorkers(
            queue: queue, runner: refresher, observer: observer, name: configuration.replica,
            options: options
        ) { namespace, revision in
            // Without a cache there is nothing to be behind: reads go to the store.
            guard caches[namespace] != nil else { return true }
            replicator.lookAtHeads()
            return await replicator.waiter.wait(
                for: revision, in: namespace, timeout: JobLimits.behindWait)
        }
        discovery =
            configuration.cacheEnabled
            ? DiscoveryCache(capacity: configuration.discoveryEntries) : nil
        let (stage, leadership) = (stage, leadership)
        console =
            configuration.console
            ? ConsoleParts(
                configuration: configuration, requests: requestMetrics,
                namespaces: namespaceMetrics, caches: caches, pool: pool, queue: queue,
                started: started, stalls: changeMetrics.stalled
            ) { Self.readiness(stage, replicator, leadership) } : nil
        addGauges()
    }

    private func addGauges() {
        let (stage, replicator, leadership) = (stage, replicator, leadership)
        let gauges = ReplicaGauges(pool: pool, caches: caches, started: started) {
            Self.readiness(stage, replicator, leadership)
        }
        gauges.add(to: registry)
    }

    /// What `/readyz` and the metrics say of this replica.
    private static func readiness(
        _ stage: StartupStage, _ replicator: Replicator, _ leadership: Leadership
    ) -> Readiness {
        Readiness(
            database: stage.problem ?? replicator.storeProblem,
            isInitialLoadComplete: stage.current == .loaded,
            isFeedCaughtUp: replicator.isReady, leaderElection: leadership.role)
    }

    /// What answers requests.
    func responder() -> CatalogResponder {
        let reader = CatalogReader(
            caches: caches, replicator: replicator, store: feed, primary: primary,
            sources: sources, isCacheEnabled: configuration.cacheEnabled,
            policy: configuration.degradedPolicy)
        let explainer = ReadExplainer(
            caches: caches, replicator: replicator, store: feed, replica: configuration.replica)
        let seats = ChangeSeats(
            hub: hub, metrics: changeMetrics,
            perNamespace: configuration.changeStreamsPerNamespace,
            total: configuration.changeStreams)
        let replicator = replicator
        let (stage, leadership) = (stage, leadership)
        let health = HealthHandler(
            started: started, pluginCount: Plugins.all.count, registry: registry
        ) {
            Self.readiness(stage, replicator, leadership)
        }
        let reads = ReadHandler(
            reader: reader, explainer: explainer, metrics: namespaceMetrics,
            scanLimit: configuration.scanLimit)
        let store = CatalogStore(
            pool: pool, observer: observer, isAuditEnabled: configuration.auditEnabled,
            isGrouping: configuration.writeGrouping)
        let jobs = JobHandler(
            queue: queue, discovery: discovery, auditEnabled: configuration.auditEnabled)
        let audit = AuditHandler(
            log: AuditLog(pool: pool, observer: observer),
            chain: AuditChain(pool: pool, observer: observer),
            isEnabled: configuration.auditEnabled, recordsDenied: configuration.auditsDenied)
        let handlers = Handlers(
            health: health,
            interface: InterfaceHandler(
                APIDocument(
                    plugins: Plugins.all, hasJobs: configuration.jobsEnabled,
                    hasConsole: console != nil, version: CatalogServer.version)),
            console: console.map { ConsoleHandler(parts: $0, access: access.control) },
            discovery: discoveryHandler,
            reads: reads, models: ModelHandler(reads: reads),
            modelSources: ModelSourceHandler(
                reader: reader, catalog: catalog, loader: sourceParts.previews,
                directory: ModelSourceHandler.directory(of: configuration.sourcesPath)),
            writes: WriteHandler(
                store: store, reader: reader, replicator: replicator, hints: hints,
                registry: register),
            jobs: jobs,
            management: management.handler(
                jobs: jobs, runsJobs: configuration.jobsEnabled, reads: reads, audit: audit,
                discovery: discovery,
                feed: WrittenFeed(store: store, replicator: replicator, hints: hints)),
            audit: audit,
            caches: CacheHandler(
                comparison: CacheComparison(
                    caches: caches, replicator: replicator, store: feed),
                replicator: replicator, audit: audit, replica: configuration.replica),
            changes: ChangesHandler(
                hub: hub, seats: seats, kinds: caches.kinds, metrics: changeMetrics,
                access: access.control, writeTimeout: configuration.changeWriteTimeout),
            replicaFeed: ReplicaFeedHandler(
                relay: relay, hub: hub, seats: seats,
                writeTimeout: configuration.changeWriteTimeout),
            governance: governanceHandler, access: access.control)
        return CatalogResponder(
            routes: RouteTable(
                kinds: caches.kinds, plugins: Plugins.all, hasJobs: configuration.jobsEnabled,
                hasConsole: console != nil),
            tenancy: Tenancy(mode: configuration.tenancy), identities: access.identities,
            handlers: handlers, metrics: requestMetrics, accessLog: accessLog, observer: observer)
    }

    private var governanceHandler: GovernanceHandler {
        GovernanceHandler(
            store: GovernanceStore(
                pool: pool, observer: observer, rules: configuration.governance,
                isAuditEnabled: configuration.auditEnabled),
            log: AuditLog(pool: pool, observer: observer), rules: configuration.governance)
    }

    private var discoveryHandler: DiscoveryHandler {
        DiscoveryHandler(
            plugins: Plugins.all, namespaces: configuration.namespaces,
            tenancy: configuration.tenancy, environments: configuration.governance.environments,
            cache: discovery, discoveryTTL: configuration.discoveryTTL,
            capabilitiesTTL: configuration.capabilitiesTTL)
    }

    /// What answers hits before the router does; nil where it is off or there is no cache.
    func fastLane() -> FastLane? {
        guard configuration.cacheEnabled, configuration.fastLane != .off else { return nil }
        return FastLane(
            mode: configuration.fastLane, tenancy: configuration.tenancy,
            policy: configuration.degradedPolicy,
            access: HitAccess(access.control),
            identities: access.identities, caches: caches, registry: registry,
            metrics: requestMetrics, namespaceMetrics: namespaceMetrics, accessLog: accessLog,
            discovery: discovery)
    }

    /// The sources as they are configured.
    private var configuredSources: ConfiguredSources {
        ConfiguredSources(
            configuration: configuration, catalog: catalog, queue: queue, management: management,
            observer: observer)
    }

    /// What has to end before requests are waited for: its streams end with a last event.
    func changeStreams() -> any Service {
        let (stage, hub) = (stage, hub)
        return ManagedService {
            await stage.wait(for: .migrated)
            await hub.run()
        } stop: {
            hub.stop()
            stage.reached(.migrated)
        }
    }

    /// What runs beside the requests; each waits for the schema before it touches the store.
    func services() -> [any Service] {
        let (stage, workers, feed, hints, replicator) = (stage, workers, feed, hints, replicator)
        let register = register
        let verifier = ChildVerifier(directory: configuration.cacheDirectory, observer: observer)
        let (pool, hintPool, runsJobs) = (pool, hintPool, configuration.jobsEnabled)
        let (primary, upstream) = (primary, upstream)
        var services: [any Service] = [
            ManagedService {
                await primary.run()
            } stop: {
                primary.stop()
            },
            ManagedService {
                await stage.wait(for: .migrated)
                await hints.run()
                pool.shutdown()
                hintPool.shutdown()
            } stop: {
                hints.stop()
                stage.reached(.migrated)
            },
            ManagedService {
                await stage.wait(for: .migrated)
                await register.run()
                await register.leave()
            } stop: {
                register.stop()
                stage.reached(.migrated)
            },
            configuredSources.watch(stage, sync),
            ManagedService {
                await stage.wait(for: .migrated)
                async let listening: Void = Self.listen(to: upstream, or: feed) { workers.wake() }
                await replicator.run(verifier: verifier)
                await listening
            } stop: {
                stage.reached(.migrated)
                feed.stop()
                upstream?.stop()
                replicator.stop()
            },
            Startup(
                configuration: configuration,
                migrator: Migrator(
                    configuration: database, reactor: reactor, observer: observer,
                    usesLock: configuration.migrationLock),
                configured: configuredSources, stage: stage, observer: observer,
                started: started),
        ]
        if runsJobs {
            services.append(JobGauges(queue: queue, stage: stage, registry: registry))
        }
        return services + leaderServices(runsJobs ? workers : nil)
    }

    /// What one replica does for all: the leader does, or, without election, whoever's turn it is.
    private func leaderServices(_ workers: JobWorkers?) -> [any Service] {
        let keeper = LogKeeper(pool: pool, observer: observer, options: configuration.upkeep)
        let stage = stage
        guard let election = configuration.election else {
            let upkeep = Upkeep(keeper: keeper, stage: stage)
            guard let workers else { return [upkeep] }
            return [
                upkeep,
                ManagedService {
                    await stage.wait(for: .migrated)
                    await workers.run()
                } stop: {
                    workers.stop()
                    stage.reached(.migrated)
                },
            ]
        }
        var duties: [@Sendable () async -> Void] = [
            { await cancelWhenGracefulShutdown { await keeper.run() } }
        ]
        if let workers {
            duties.append {
                await withGracefulShutdownHandler {
                    await workers.run()
                } onGracefulShutdown: {
                    workers.stop()
                }
            }
        }
        return [
            LeaderElection(
                store: leaseStore(election), timing: election.timing, identity: election.identity,
                leadership: leadership, duties: duties, stage: stage, observer: observer)
        ]
    }

    private func leaseStore(_ election: ElectionConfiguration) -> any LeaseStore {
        if configuration.database.isEmbedded { return SoleReplicaLease() }
        if election.backend == .kubernetes, let cluster = access.cluster {
            return KubernetesLease(
                client: cluster, name: election.leaseName, namespace: election.leaseNamespace,
                identity: election.identity, timing: election.timing)
        }
        return PostgresLease(
            configuration: database, reactor: reactor, name: election.leaseName,
            timing: election.timing)
    }
}
