package import CatalogModel

/// A source as it is kept in Postgres: what was configured, and how its last refresh went.
package struct SourceRecord: Sendable, Hashable {
    /// Whether a source serves entities.
    package enum State: String, Sendable, Hashable {
        case available
        case error
        case disabled
        case loading
    }

    /// The id under which the API writes entities; no source may have it.
    package static let reservedID = "api"
    /// The position of a source that left the configuration and whose entities go next.
    static let removedPosition = -1

    package let namespace: Namespace
    package let definition: SourceDefinition
    /// Place in the plugin's list, as configured.
    package let position: Int
    package let state: State
    package let lastRefreshTimeMs: Int64?
    /// `success` or `error`; nil before the first refresh.
    package let lastRefreshStatus: String?
    package let lastRefreshSummary: String?
    package let entityCount: Int
    package let error: String?
    /// How long the last refresh took, whether it succeeded or failed.
    package let lastRefreshNanoseconds: Int64?
    /// The stable code of the error; nil where there is none.
    package let errorCode: String?

    /// Whether the source left the configuration.
    var isRemoved: Bool { position == SourceRecord.removedPosition }
    /// Whether the operator's file gave the source, so that it may read any file.
    var isFromFile: Bool { definition.originDirectory != nil }

    /// The status as clients see it in a source's description.
    package var statusJSON: JSONValue {
        var object: JSONObject = ["state": .string(state.rawValue)]
        object["lastRefreshTime"] = lastRefreshTimeMs.map {
            .string(Timestamp(ms: $0).description)
        }
        object["lastRefreshDuration"] = lastRefreshNanoseconds.map { .int($0) }
        object["lastRefreshStatus"] = lastRefreshStatus.map { .string($0) }
        object["lastRefreshSummary"] = lastRefreshSummary.map { .string($0) }
        object["entityCount"] = .int(entityCount)
        object["error"] = error.map { .string($0) }
        if error != nil { object["errorCode"] = errorCode.map { .string($0) } }
        return .object(object)
    }
}
