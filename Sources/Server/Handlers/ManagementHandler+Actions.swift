import CatalogModel
import HTTPTypes
import Hummingbird
import Invalidation
import WritePath

/// Actions on sources and entities, and refreshes.
extension ManagementHandler {
    /// A refresh by a job, or at once where there are no jobs.
    func refresh(
        _ plugin: PluginDefinition, source: String?, _ exchange: Exchange
    ) async throws -> Response {
        try exchange.identity.requireOperator()
        if let source { try SourceID.validate(source) }
        if runsJobs { return try await jobs.refresh(plugin, source: source, exchange) }
        if let source {
            let key = SourceKey(exchange.namespace, plugin, source)
            guard try await manager.source(key) != nil else { throw key.notFound }
        }
        let event = AuditEvent(exchange.writeContext, outcome: .success, statusCode: 200)
        try await jobs.queue.noteSynchronous(
            exchange.namespace, plugin: plugin.name, source: source ?? Job.allSources,
            requestedBy: exchange.identity.user,
            audit: audit.isEnabled ? AuditWriter.statement(event) : nil)
        let result = await refresher.refreshNow(
            exchange.namespace, plugin, source: source, by: exchange.identity.user,
            requestID: exchange.requestID)
        await feed.catchUp(exchange.namespace)
        await changed()
        return Self.answer(result.json)
    }

    /// What a body asks for: an action of the scope, checked.
    private func action(
        _ scope: ActionDefinition.Scope, of plugin: PluginDefinition, _ exchange: Exchange,
        also extra: [String] = []
    ) async throws -> (id: String, isDryRun: Bool, params: JSONObject) {
        let (value, _) = try await exchange.json(limit: ManagementLimits.bodyBytes)
        guard let id = value["action"]?.stringValue, !id.isEmpty else {
            throw RequestError.badRequest("the body needs \"action\"")
        }
        guard let action = plugin.action(id), action.scope == scope || extra.contains(id) else {
            throw RequestError.badRequest("unknown \(scope.rawValue) action \"\(id)\"")
        }
        let dryRun = value["dryRun"] ?? .null
        guard dryRun == .null || dryRun.boolValue != nil else {
            throw RequestError.badRequest("dryRun must be true or false")
        }
        let isDryRun = dryRun.boolValue ?? false
        guard action.supportsDryRun || !isDryRun else {
            throw RequestError.badRequest("action \"\(id)\" has no dry run")
        }
        let params = value["params"] ?? .null
        guard params == .null || params.objectValue != nil else {
            throw RequestError.badRequest("params must be an object")
        }
        return (id, isDryRun, params.objectValue ?? JSONObject())
    }

    func act(onSource key: SourceKey, _ exchange: Exchange) async throws -> Response {
        let (id, _, _) = try await action(.source, of: key.plugin, exchange)
        guard try await manager.source(key) != nil else { throw key.notFound }
        await audit.recordSuccess(of: exchange)
        let result = await refresh(key, exchange)
        await changed()
        return Self.answer(Self.refreshed(id, result, "source \"\(key.id)\""))
    }

    func act(
        on name: String, of plugin: PluginDefinition, _ exchange: Exchange
    ) async throws -> Response {
        guard let kind = plugin.kinds.first else {
            throw RequestError.notFound("\(plugin.name) has no entities")
        }
        let asset = kind.actions.filter { plugin.action($0)?.scope == .source }
        let (id, isDryRun, params) = try await action(.asset, of: plugin, exchange, also: asset)
        let action = try EntityAction(id, params: params)
        var event =
            audit.isEnabled
            ? AuditEvent(exchange.writeContext, outcome: .success, statusCode: 200) : nil
        event?.action = id
        event?.metadata?["dryRun"] = isDryRun ? true : nil
        let outcome = try await overlays.apply(
            action, to: name, of: kind, plugin: plugin, isDryRun: isDryRun,
            exchange.writeContext, audit: event)
        if let head = outcome.head { await feed.show(head) }
        if action == .refresh {
            return try await refresh(outcome.sources, name, plugin, exchange)
        }
        await changed()
        let status = isDryRun ? "dry-run" : "completed"
        let verb = isDryRun ? "would be applied" : "applied"
        return Self.answer([
            "action": .string(id), "status": .string(status),
            "message": .string("\(id) \(verb) to \(kind.notFoundNoun) \"\(name)\""),
            "data": .object(outcome.data),
        ])
    }

    private func refresh(
        _ sources: [String], _ name: String, _ plugin: PluginDefinition, _ exchange: Exchange
    ) async throws -> Response {
        var total = RefreshResult.none
        for source in sources where source != SourceRecord.reservedID {
            total.add(await refresh(SourceKey(exchange.namespace, plugin, source), exchange))
        }
        await changed()
        return Self.answer(Self.refreshed("refresh", total, "the sources of \"\(name)\""))
    }

    private static func refreshed(
        _ id: String, _ result: RefreshResult, _ subject: String
    ) -> JSONValue {
        let text = result.error.map { "refresh of \(subject) failed: \($0)" }
        return [
            "action": .string(id), "status": .string(result.error == nil ? "completed" : "error"),
            "message": .string(text ?? "refreshed \(subject)"),
            "data": [
                "entitiesLoaded": .int(result.loaded),
                "duration": .string(result.durationText),
            ],
        ]
    }
}
