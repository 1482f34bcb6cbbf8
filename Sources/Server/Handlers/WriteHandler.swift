import CatalogModel
import HTTPTypes
import Hummingbird
import Invalidation
import ReadPath
import Telemetry
import WritePath

/// Writes of entities: through to the store, then visible here before the answer goes out.
struct WriteHandler: Sendable {
    let store: CatalogStore
    let reader: CatalogReader
    let replicator: Replicator
    let hints: HintPublisher
    let registry: ReplicaRegistry

    func create(_ kind: KindTable.Entry, _ exchange: Exchange) async throws -> Response {
        try exchange.identity.requireOperator()
        let (document, bytes) = try await exchange.json(limit: ServerLimits.entityBodyBytes)
        return try await execute(.create(document), body: bytes, kind, exchange)
    }

    /// PUT, PATCH or DELETE of one entity of the source `api`.
    func change(
        _ kind: KindTable.Entry, _ name: String, _ exchange: Exchange
    ) async throws -> Response {
        try exchange.identity.requireOperator()
        let headers = exchange.request.headers
        let condition = WriteCondition(
            ifMatch: headers[.ifMatch].map { EntityTagCondition($0) },
            ifNoneMatch: headers[.ifNoneMatch].map { EntityTagCondition($0) })
        if exchange.method == "DELETE" {
            return try await execute(.delete(name: name, condition), body: [], kind, exchange)
        }
        let (document, bytes) = try await exchange.json(limit: ServerLimits.entityBodyBytes)
        let operation: EntityCommand.Operation =
            exchange.method == "PUT"
            ? .replace(name: name, document, condition)
            : .mergePatch(name: name, document, condition)
        return try await execute(operation, body: bytes, kind, exchange)
    }

    /// `{"items":[…]}`, each an entity that is created or replaced; a result for each.
    func upsert(_ kind: KindTable.Entry, _ exchange: Exchange) async throws -> Response {
        try exchange.identity.requireOperator()
        let (document, bytes) = try await exchange.json(limit: ServerLimits.batchBodyBytes)
        guard case .array(let items)? = document["items"] else {
            throw RequestError.badRequest("the body needs an array \"items\"")
        }
        let bulk = items.map { BulkItem(document: $0) }
        return try await execute(.bulk(bulk), body: bytes, kind, exchange)
    }

    private func execute(
        _ operation: EntityCommand.Operation, body: [UInt8], _ kind: KindTable.Entry,
        _ exchange: Exchange
    ) async throws -> Response {
        var context = exchange.writeContext
        context.requestDigest = RequestDigest.digest(
            method: exchange.method, path: String(exchange.path), body: body)
        let command = EntityCommand(plugin: kind.plugin, kind: kind.kind, operation)
        let seen = reader.seen(exchange.namespace)
        let written = try await store.execute(command, context)
        // A restored store may be met here first: no later read may show what it has lost.
        if let seen, !seen.precedes(written.head) {
            await replicator.compare(seen, with: written.head)
        }
        let hint = Hint(
            epoch: written.head.epoch, namespace: exchange.namespace,
            revision: written.head.revision)
        if written.changed { hints.publish(hint) }
        // The next read here sees this write. If the feed is late, reads say how old they are.
        _ = await replicator.follow(hint, timeout: FeedLimits.ownWriteWait)
        var response = response(to: written, kind)
        let preference = WritePreference(exchange.request.headers[values: .prefer])
        if let preference { await awaitVisibility(of: hint, preference, &response) }
        return response
    }

    /// Waits until every live replica that holds the namespace shows the write, or says which do not.
    private func awaitVisibility(
        of hint: Hint, _ preference: WritePreference, _ response: inout Response
    ) async {
        let missing = await registry.missing(hint, within: .seconds(preference.wait))
        response.headers[.preferenceApplied] =
            "wait=\(preference.wait)" + (missing.isEmpty ? ", visibility=all" : "")
        response.headers[.catalogVisibility] =
            missing.isEmpty ? "all" : "partial; missing=\(missing.joined(separator: ","))"
    }

    private func response(to written: WriteResponse, _ kind: KindTable.Entry) -> Response {
        var headers: HTTPFields = [
            .cacheControl: "no-store",
            .catalogRevision: String(written.head.revision.value),
            .catalogEpoch: written.head.epoch.text,
        ]
        headers[.eTag] = written.tag?.description
        headers[.location] = written.location
        if written.replayed { headers[.idempotencyReplayed] = "true" }
        let status = HTTPResponse.Status(code: written.status.rawValue)
        if written.body.isEmpty { return Response(status: status, headers: headers) }
        headers[.contentType] =
            kind.kind.convention == .catalog
            ? "application/json" : "application/json; charset=UTF-8"
        return .json(bytes: written.body, status: status, headers: headers)
    }
}

extension Exchange {
    /// What the store records about the request.
    var writeContext: WriteContext {
        var context = WriteContext(
            namespace: namespace, actor: identity.user, requestID: requestID,
            correlationID: request.headers[.correlationID], method: method, path: String(path),
            groups: identity.groups, idempotencyKey: request.headers[.idempotencyKey],
            trace: .current)
        context.began = began
        return context
    }
}
