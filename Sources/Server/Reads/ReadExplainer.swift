import CatalogModel
import Invalidation
import ReadPath
import Telemetry

/// Tells why a read was answered as it was: the body of `?explain=cache`.
struct ReadExplainer: Sendable {
    let caches: CacheDirectory
    let replicator: Replicator
    let store: PostgresFeed
    /// The name of this replica.
    let replica: String

    /// Whether a request asks for the explanation; throws `.badRequest` for other explanations.
    static func isAsked(_ query: QueryParameters) throws(RequestError) -> Bool {
        guard let topic = query["explain"] else { return false }
        guard topic == "cache" else { throw .badRequest("explain: only \"cache\" is known") }
        return true
    }

    /// One object; asks the store only who made the revision, and goes without if it is away.
    func explanation(
        of answer: ReadAnswer, _ kind: KindTable.Entry, in namespace: Namespace, isEntity: Bool
    ) async -> JSONObject {
        let content = answer.content
        let author = await author(of: content.revision, in: namespace)
        let feed = await replicator.status(of: namespace)
        let applied = caches[namespace]?.freshness.applied(content.revision)
        var object: JSONObject = [
            "namespace": .string(namespace.name),
            "epoch": Self.text(content.epoch?.text),
            "revision": .int(content.revision.value),
            "collection": Self.collection(content.collection, kind),
        ]
        if isEntity {
            object["entity"] = content.tag.map { Self.state($0.revision, $0.digest) } ?? .null
        }
        object["actor"] = Self.text(author?.actor)
        object["requestId"] = Self.text(author?.requestID)
        object["committedAt"] = Self.text(
            author.map { Timestamp(ms: $0.committedAtMs).description })
        object["appliedAt"] = Self.text(applied.map { Self.wallClock($0).description })
        object["replica"] = .string(replica)
        object["outcome"] = .string(answer.outcome.rawValue)
        object["reason"] = Self.text(answer.reason?.rawValue)
        object["stalenessBoundMs"] = .int(answer.boundMs)
        object["feed"] = .object([
            "connected": .bool(feed.isConnected),
            "lastHeadsMs": feed.lastHeads.map { .int(Self.milliseconds(since: $0)) } ?? .null,
            "lag": .int(feed.lag),
        ])
        return object
    }

    private func author(of revision: Revision, in namespace: Namespace) async -> RevisionAuthor? {
        guard replicator.storeProblem == nil else { return nil }
        return try? await store.author(of: revision, in: namespace)
    }

    private static func collection(
        _ collection: ReadContent.Collection?, _ kind: KindTable.Entry
    ) -> JSONValue {
        guard let collection else { return .null }
        return .object([
            "plugin": .string(kind.plugin.name), "kind": .string(kind.kind.kind),
            "revision": .int(collection.revision.value),
            "digest": .string(hex(collection.digest)),
            "entityCount": .int(collection.entityCount),
        ])
    }

    private static func state(_ revision: Revision, _ digest: UInt64) -> JSONValue {
        .object(["revision": .int(revision.value), "digest": .string(hex(digest))])
    }

    private static func text(_ text: String?) -> JSONValue { text.map { .string($0) } ?? .null }

    /// Sixteen hexadecimal digits.
    static func hex(_ digest: UInt64) -> String {
        let digits = String(digest, radix: 16)
        return String(repeating: "0", count: 16 - digits.utf8.count) + digits
    }

    private static func milliseconds(since instant: ContinuousClock.Instant) -> Int {
        Int(max(.zero, instant.duration(to: .now)) / .milliseconds(1))
    }

    private static func wallClock(_ instant: ContinuousClock.Instant) -> Timestamp {
        Timestamp(ms: Int64(MachineFacts.wallClockMs - milliseconds(since: instant)))
    }
}
