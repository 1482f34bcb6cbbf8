import CatalogModel
import HTTPTypes
import Hummingbird
import Invalidation
import ReadPath
import Telemetry
import WritePath

/// Sources as operators manage them (contract, section 1.7).
///
/// Every change is refreshed before it is answered, so that the next read shows it.
struct ManagementHandler: Sendable {
    let manager: SourceManager
    let overlays: EntityOverlays
    let refresher: SourceRefresher
    let loader: SourceLoader
    let secrets: SecretResolver
    let content: SourceContent
    let jobs: JobHandler
    let runsJobs: Bool
    let reads: ReadHandler
    let audit: AuditHandler
    let discovery: DiscoveryCache?
    let feed: WrittenFeed
    /// Tells this replica's reads of the changed sources.
    let onChange: @Sendable () async -> Void

    func respond(
        _ plugin: PluginDefinition, _ route: ManagementRoute, _ exchange: Exchange
    ) async throws -> Response {
        if exchange.method != "GET", exchange.method != "HEAD" {
            try exchange.identity.requireOperator()
        }
        func key(_ id: String) -> SourceKey { SourceKey(exchange.namespace, plugin, id) }
        switch route {
        case .sources: return try await list(plugin, exchange)
        case .diagnostics: return try await diagnostics(plugin, exchange)
        case .actions(let scope): return actions(plugin, scope)
        case .revisions(let id): return try await revisions(key(id))
        case .entity(let name):
            guard
                let kind = reads.reader.caches.kinds.entries.first(where: {
                    $0.plugin.name == plugin.name
                })
            else { throw RequestError.notFound("\(plugin.name) has no entities") }
            return try await reads.entity(kind, name: name, source: nil, exchange)
        case .validateSource: return try await validateSource(plugin, exchange)
        case .validate(let id): return try await validate(key(id), exchange)
        case .applySource: return try await apply(plugin, exchange)
        case .enable(let id): return try await enable(key(id), exchange)
        case .source(let id): return try await delete(key(id), exchange)
        case .rollback(let id): return try await rollback(key(id), exchange)
        case .sourceAction(let id): return try await act(onSource: key(id), exchange)
        case .entityAction(let name): return try await act(on: name, of: plugin, exchange)
        }
    }

    // MARK: Reading

    private func list(_ plugin: PluginDefinition, _ exchange: Exchange) async throws -> Response {
        var sources: [JSONValue] = []
        for record in try await manager.sources(exchange.namespace, plugin) {
            sources.append(await info(record, plugin))
        }
        return Self.answer(["sources": .array(sources), "count": .int(sources.count)])
    }

    private func revisions(_ key: SourceKey) async throws -> Response {
        let revisions = try await manager.revisions(of: key)
        return Self.answer([
            "revisions": .array(revisions.map(\.json)), "count": .int(revisions.count),
        ])
    }

    private func diagnostics(
        _ plugin: PluginDefinition, _ exchange: Exchange
    ) async throws -> Response {
        let records = try await manager.sources(exchange.namespace, plugin)
        return Self.answer(.object(SourceDiagnostics.json(plugin, records)))
    }

    private func actions(_ plugin: PluginDefinition, _ scope: ActionDefinition.Scope) -> Response {
        let actions = plugin.actions.filter { $0.scope == scope }
        return Self.answer([
            "actions": .array(actions.map { $0.document() }), "count": .int(actions.count),
        ])
    }

    /// `SourceInfo` of the contract, without secrets.
    func info(_ record: SourceRecord, _ plugin: PluginDefinition) async -> JSONValue {
        let source = record.definition
        var properties = SecretRedaction.redacted(source.properties)
        if let text = await content.text(of: source, plugin) {
            properties["content"] = .string(text)
        }
        var object: JSONObject = [
            "id": .string(source.id), "name": .string(source.name), "type": .string(source.type),
            "enabled": .bool(source.enabled), "labels": .strings(source.labels),
            "properties": .object(properties),
        ]
        if !source.includedItems.isEmpty {
            object["includedItems"] = .strings(source.includedItems)
        }
        if !source.excludedItems.isEmpty {
            object["excludedItems"] = .strings(source.excludedItems)
        }
        object["status"] = record.statusJSON
        return .object(object)
    }

    // MARK: Checking

    private func validateSource(
        _ plugin: PluginDefinition, _ exchange: Exchange
    ) async throws -> Response {
        let (value, _) = try await exchange.json(limit: ManagementLimits.bodyBytes)
        let input = try SourceInput(value)
        let key = SourceKey(exchange.namespace, plugin, input.id)
        let (_, failure) = try await checked(input, key)
        let issues = SourceValidation.providerIssues(failure)
        var object: JSONObject = ["valid": .bool(issues.isEmpty)]
        if !issues.isEmpty { object["errors"] = .array(issues.map(\.json)) }
        await audit.recordSuccess(of: exchange)
        return Self.answer(.object(object))
    }

    private func validate(_ key: SourceKey, _ exchange: Exchange) async throws -> Response {
        let (value, _) = try await exchange.json(limit: ManagementLimits.bodyBytes)
        let input = try SourceInput(value, id: key.id)
        let (definition, failure) = try await checked(input, key)
        await audit.recordSuccess(of: exchange)
        return Self.answer(SourceValidation(definition, provider: failure).json)
    }

    /// The definition that an input asks for, and what its provider makes of it.
    private func checked(
        _ input: SourceInput, _ key: SourceKey
    ) async throws -> (SourceDefinition, LoadError?) {
        let stored = try await manager.source(key)?.definition
        let definition = try await definition(input, over: stored, key.plugin)
        do {
            try await loader.check(
                secrets.resolved(definition, in: key.namespace), plugin: key.plugin)
            return (definition, nil)
        } catch let error as LoadError {
            return (definition, error)
        }
    }

    private func definition(
        _ input: SourceInput, over stored: SourceDefinition?, _ plugin: PluginDefinition
    ) async throws -> SourceDefinition {
        var shown: String?
        if let stored { shown = await content.text(of: stored, plugin) }
        return try input.definition(over: stored, shownContent: shown, plugin: plugin)
    }

    // MARK: Changing

    private func apply(_ plugin: PluginDefinition, _ exchange: Exchange) async throws -> Response {
        let (value, _) = try await exchange.json(limit: ManagementLimits.bodyBytes)
        let input = try SourceInput(value)
        let key = SourceKey(exchange.namespace, plugin, input.id)
        let expected = try await expectation(key, exchange)
        let (definition, failure) = try await checked(input, key)
        let validation = SourceValidation(definition, provider: failure)
        guard validation.isValid else {
            await audit.recordFailure(
                of: exchange, status: HTTPResponse.Status.unprocessableContent.code,
                reason: validation.errors.first?.message ?? "", duration: exchange.age)
            return .json(
                validation.json, status: .unprocessableContent,
                headers: [.cacheControl: "no-store"])
        }
        let stored = try await manager.source(key)?.definition
        _ = try await change(key, expected, exchange) { present in
            guard present == stored else { throw LiveConfigStore.conflict }
            return definition
        }
        let refreshes = input.refreshAfterApply || !definition.enabled
        return try await settled(key, exchange, refreshes: refreshes)
    }

    private func enable(_ key: SourceKey, _ exchange: Exchange) async throws -> Response {
        let (value, _) = try await exchange.json(limit: ManagementLimits.bodyBytes)
        guard let enabled = value["enabled"]?.boolValue else {
            throw RequestError.badRequest("the body needs \"enabled\": true or false")
        }
        let expected = try await expectation(key, exchange)
        _ = try await change(key, expected, exchange) { present in
            guard var definition = present else { throw key.notFound }
            definition.enabled = enabled
            return definition
        }
        return try await settled(key, exchange, refreshes: true)
    }

    private func delete(_ key: SourceKey, _ exchange: Exchange) async throws -> Response {
        let expected = try await expectation(key, exchange)
        _ = try await change(key, expected, exchange) { present in
            guard present != nil else { throw key.notFound }
            return nil
        }
        _ = await refresh(key, exchange)
        await changed()
        return Self.answer(["status": "deleted"])
    }

    private func rollback(_ key: SourceKey, _ exchange: Exchange) async throws -> Response {
        let (value, _) = try await exchange.json(limit: ManagementLimits.bodyBytes)
        guard let version = value["version"]?.stringValue, !version.isEmpty else {
            throw RequestError.badRequest("the body needs \"version\"")
        }
        guard manager.config.keepsHistory else {
            throw RequestError.badRequest("no config store is configured, nothing to go back to")
        }
        let expected = try await expectation(key, exchange)
        let definition = try await manager.definition(of: key, at: version)
        let outcome = try await change(key, expected, exchange) { _ in definition }
        let result = await refresh(key, exchange)
        await changed()
        var object: JSONObject = [
            "status": "rolled_back", "version": .string(outcome.version),
        ]
        object["reinitError"] = result.error.map { .string($0) }
        return Self.answer(.object(object))
    }

    /// The version that a change has to find: the client's, or the present one.
    private func expectation(_ key: SourceKey, _ exchange: Exchange) async throws -> String {
        guard let given = exchange.request.headers[.ifMatch]?.trimmingBlanks, given != "*" else {
            return try await manager.version(of: key)
        }
        return given.filter { $0 != "\"" }
    }

    private func change(
        _ key: SourceKey, _ expected: String, _ exchange: Exchange,
        _ decide: @escaping SourceManager.Decision
    ) async throws -> SourceManager.Outcome {
        var event =
            audit.isEnabled
            ? AuditEvent(exchange.writeContext, outcome: .success, statusCode: 200) : nil
        event?.resourceIDs = [key.id]
        return try await manager.change(
            key, expecting: expected, actor: exchange.identity.user, audit: event, decide)
    }

    /// Loads the changed source and answers with what it has become.
    private func settled(
        _ key: SourceKey, _ exchange: Exchange, refreshes: Bool
    ) async throws -> Response {
        if refreshes { _ = await refresh(key, exchange) }
        await changed()
        guard let record = try await manager.source(key) else { throw key.notFound }
        return Self.answer(await info(record, key.plugin))
    }

    /// Refreshes a source and waits until this replica shows it.
    func refresh(_ key: SourceKey, _ exchange: Exchange) async -> RefreshResult {
        let result = await refresher.refreshNow(
            key.namespace, key.plugin, source: key.id, by: exchange.identity.user,
            requestID: exchange.requestID)
        await feed.catchUp(key.namespace)
        return result
    }

    /// What is discovered and which source comes first may have changed.
    func changed() async {
        discovery?.removeAll()
        await onChange()
    }

    static func answer(_ value: JSONValue) -> Response {
        .json(value, headers: [.cacheControl: "no-store"])
    }
}
