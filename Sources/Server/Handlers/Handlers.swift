import CatalogModel
import Hummingbird
import Telemetry

/// Leads a request to the handler of its endpoint and records what was refused.
struct Handlers: Sendable {
    let health: HealthHandler
    let interface: InterfaceHandler
    /// Nil where the console is off.
    let console: ConsoleHandler?
    let discovery: DiscoveryHandler
    let reads: ReadHandler
    let models: ModelHandler
    let modelSources: ModelSourceHandler
    let writes: WriteHandler
    let jobs: JobHandler
    let management: ManagementHandler
    let audit: AuditHandler
    let caches: CacheHandler
    let changes: ChangesHandler
    let replicaFeed: ReplicaFeedHandler
    let governance: GovernanceHandler
    let access: AccessControl

    func respond(to exchange: Exchange, observer: Observer) async -> Response {
        let began = ContinuousClock.now
        do {
            try await access.check(exchange)
        } catch {
            return await failure(error, of: exchange, since: began, observer)
        }
        let methods = exchange.endpoint.methods
        guard methods.contains(exchange.method) else {
            let response = Response(
                status: .methodNotAllowed, headers: [.allow: methods.joined(separator: ", ")])
            await audit.recordFailure(
                of: exchange, status: response.status.code, reason: "method not allowed",
                duration: began.duration(to: .now))
            return response
        }
        do {
            return try await route(exchange)
        } catch {
            return await failure(error, of: exchange, since: began, observer)
        }
    }

    /// The answer to a request that failed, recorded if it would have changed something.
    private func failure(
        _ error: any Error, of exchange: Exchange, since began: ContinuousClock.Instant,
        _ observer: Observer
    ) async -> Response {
        let response = CatalogResponder.response(
            to: error, shape: exchange.endpoint.errorShape, exchange.request, exchange.requestID,
            observer)
        await audit.recordFailure(
            of: exchange, status: response.status.code, reason: "\(error)",
            duration: began.duration(to: .now))
        return response
    }

    private func shownConsole() throws(RequestError) -> ConsoleHandler {
        guard let console else { throw .notFound("path not found") }
        return console
    }

    private func route(_ exchange: Exchange) async throws -> Response {
        let reads = exchange.method == "GET" || exchange.method == "HEAD"
        switch exchange.endpoint {
        case .live: return health.live()
        case .ready: return health.ready()
        case .metrics: return health.metrics()
        case .interface(let form): return try await interface.describe(form, exchange)
        case .console(let file): return try await shownConsole().file(file, exchange)
        case .consoleEvents: return try await shownConsole().events(exchange)
        case .plugins: return try await discovery.listPlugins(exchange)
        case .capabilities(let plugin):
            return try await discovery.capabilities(of: plugin, exchange)
        case .namespaces: return discovery.listNamespaces()
        case .collection(let kind) where reads: return try await self.reads.list(kind, exchange)
        case .entity(let kind, let name, let source) where reads:
            return try await self.reads.entity(kind, name: name, source: source, exchange)
        case .artifacts(let kind, let model, let source, let scope):
            return try await models.artifacts(
                of: model, source: source, scope, kind, exchange)
        case .filterOptions(let kind): return try await models.filterOptions(kind, exchange)
        case .labels(let kind): return try await modelSources.labels(kind, exchange)
        case .modelSources(let kind): return try await modelSources.list(kind, exchange)
        case .sourcePreview(let kind): return try await modelSources.preview(kind, exchange)
        case .collection(let kind): return try await writes.create(kind, exchange)
        case .batch(let kind): return try await writes.upsert(kind, exchange)
        case .entity(let kind, let name, _): return try await writes.change(kind, name, exchange)
        case .refresh(let plugin, let source):
            return try await management.refresh(plugin, source: source, exchange)
        case .management(let plugin, let route):
            return try await management.respond(plugin, route, exchange)
        case .jobs: return try await jobs.list(exchange)
        case .job(let id): return try await jobs.get(id, exchange)
        case .jobCancel(let id): return try await jobs.cancel(id, exchange)
        case .changes: return try await changes.changes(exchange)
        case .replicaFeed(let part): return try await replicaFeed.respond(to: part, exchange)
        case .auditEvents: return try await audit.list(exchange)
        case .auditEvent(let id): return try await audit.get(id, exchange)
        case .auditVerify: return try await audit.verify(exchange)
        case .cacheVerify: return try await caches.verify(exchange)
        case .cacheEvict: return try await caches.evict(exchange)
        case .governance(let route):
            return try await governance.respond(to: route, exchange)
        }
    }
}
