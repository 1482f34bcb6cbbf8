import CatalogModel
import HTTPTypes
import Hummingbird
import Postgres
import WritePath

/// Refreshing sources by jobs, and looking at jobs.
struct JobHandler: Sendable {
    let queue: JobQueue
    let discovery: DiscoveryCache?
    let auditEnabled: Bool

    /// Enqueues a refresh of one source or of all; the same job answers while one is under way.
    func refresh(
        _ plugin: PluginDefinition, source: String?, _ exchange: Exchange
    ) async throws -> Response {
        let enqueued = try await queue.enqueue(
            exchange.namespace, plugin: plugin.name, source: source ?? Job.allSources,
            requestedBy: exchange.identity.user,
            audit: auditEnabled ? auditEvent(exchange, status: 202) : nil)
        discovery?.removeAll()
        return .json(
            ["status": "queued", "jobId": .string(enqueued.job.id)], status: .accepted,
            headers: [.cacheControl: "no-store"])
    }

    func list(_ exchange: Exchange) async throws -> Response {
        let query = exchange.query
        let page = try await queue.list(
            exchange.namespace,
            filter: JobQueue.Filter(
                plugin: query.nonEmpty("plugin"), source: query.nonEmpty("sourceId"),
                state: query.nonEmpty("state"), requestedBy: query.nonEmpty("requestedBy")),
            pageSize: query["pageSize"].flatMap { Int($0) }, pageToken: query["pageToken"] ?? "")
        return .json(page.json, headers: [.cacheControl: "no-store"])
    }

    func get(_ id: String, _ exchange: Exchange) async throws -> Response {
        let job = try await queue.get(exchange.namespace, id: id)
        return .json(job.json, headers: [.cacheControl: "no-store"])
    }

    func cancel(_ id: String, _ exchange: Exchange) async throws -> Response {
        let job = try await queue.cancel(
            exchange.namespace, id: id,
            audit: auditEnabled ? auditEvent(exchange, status: 200) : nil)
        return .json(
            ["status": "canceled", "jobId": .string(job.id)],
            headers: [.cacheControl: "no-store"])
    }

    private func auditEvent(_ exchange: Exchange, status: Int) -> Query {
        AuditWriter.statement(
            AuditEvent(exchange.writeContext, outcome: .success, statusCode: status))
    }
}
