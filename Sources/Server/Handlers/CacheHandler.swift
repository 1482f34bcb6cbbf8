import CatalogModel
import Hummingbird
import Invalidation
import ReadPath

/// What operators do with the cache of one namespace on the replica that they ask.
struct CacheHandler: Sendable {
    let comparison: CacheComparison
    let replicator: Replicator
    let audit: AuditHandler
    /// The name of this replica.
    let replica: String

    /// Compares the cache with the store.
    func verify(_ exchange: Exchange) async throws -> Response {
        var object = subject(of: exchange)
        switch try await comparison.compare(exchange.namespace) {
        case .absent:
            object["status"] = "absent"
            object["valid"] = true
            object["collections"] = []
        case .damaged(let reason):
            object["status"] = "damaged"
            object["valid"] = false
            object["reason"] = .string(reason)
            object["collections"] = []
        case .compared(let contents, let pairs):
            let isValid = pairs.allSatisfy(\.isEqual)
            object["status"] = isValid ? "equal" : "different"
            object["valid"] = .bool(isValid)
            object["epoch"] = .string(contents.epoch.text)
            object["revision"] = .int(contents.revision.value)
            object["collections"] = .array(pairs.map(Self.json))
        }
        return .json(.object(object), headers: [.cacheControl: "no-store"])
    }

    /// Drops the cache, which the next reads load again; until then they are answered by the store.
    func evict(_ exchange: Exchange) async throws -> Response {
        try exchange.identity.requireOperator()
        let bytes = await replicator.evictAsAsked(exchange.namespace)
        await audit.recordSuccess(of: exchange)
        var object = subject(of: exchange)
        object["status"] = bytes == nil ? "absent" : "evicted"
        object["bytes"] = .int(bytes ?? 0)
        return .json(.object(object), headers: [.cacheControl: "no-store"])
    }

    private func subject(of exchange: Exchange) -> JSONObject {
        ["namespace": .string(exchange.namespace.name), "replica": .string(replica)]
    }

    private static func json(_ pair: CacheComparison.Pair) -> JSONValue {
        .object([
            "plugin": .string(pair.cached.plugin), "kind": .string(pair.cached.kind),
            "revision": .int(pair.cached.revision.value),
            "entityCount": .int(pair.cached.entityCount),
            "storedEntityCount": .int(pair.stored?.entityCount ?? 0),
            "digest": .string(ReadExplainer.hex(pair.cached.digest)),
            "storedDigest": .string(ReadExplainer.hex(pair.stored?.digest ?? 0)),
            "equal": .bool(pair.isEqual),
        ])
    }
}
