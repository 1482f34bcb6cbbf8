package import CatalogModel
import Telemetry

/// A record of who did what to which resource, and how it ended.
package struct AuditEvent: Sendable, Hashable {
    /// How the recorded action ended.
    package enum Outcome: String, Sendable, Hashable {
        case success, failure, denied, pending
    }

    /// The event type of everything that goes through the management of a plugin.
    package static let management = "management"

    /// The UUID; empty until the database has given one.
    package var id = ""
    package var namespace: String
    package var correlationID: String?
    package var eventType: String
    package var actor: String
    package var requestID: String?
    package var plugin: String?
    package var resourceType: String?
    package var resourceIDs: [String] = []
    package var assetUID: String?
    package var versionID: String?
    package var action: String?
    package var actionVerb: String?
    package var outcome: Outcome
    package var statusCode: Int?
    package var reason: String?
    package var oldValue: JSONObject?
    package var newValue: JSONObject?
    package var metadata: JSONObject?
    package var createdAtMs: Int64 = 0
    /// When the request came in; the duration up to the event's writing becomes part of the metadata.
    package var began: ContinuousClock.Instant?

    /// Makes an event from the parts that each has; the rest is set afterwards.
    package init(namespace: String, actor: String, eventType: String, outcome: Outcome) {
        self.namespace = namespace
        self.actor = actor
        self.eventType = eventType
        self.outcome = outcome
    }

    /// Makes the event of a request from its context and path.
    package init(_ context: WriteContext, outcome: Outcome, statusCode: Int?) {
        self.init(
            namespace: context.namespace.name, actor: context.actor,
            eventType: AuditEvent.management, outcome: outcome)
        let route = AuditRoute(method: context.method, path: context.path)
        correlationID = context.correlationID ?? context.requestID
        requestID = context.requestID
        plugin = route.plugin
        resourceType = route.resourceType
        resourceIDs = route.resourceIDs
        action = route.actionVerb
        actionVerb = route.actionVerb
        self.statusCode = statusCode
        metadata = AuditEvent.metadata(of: context, duration: nil)
        began = context.began
    }

    /// What is known of the request beside its target; the duration only once it has ended.
    package static func metadata(of context: WriteContext, duration: Duration?) -> JSONObject {
        var metadata: JSONObject = [
            "method": .string(context.method), "path": .string(context.path),
        ]
        if let duration { metadata["duration"] = .string(text(of: duration)) }
        if !context.groups.isEmpty { metadata["groups"] = .strings(context.groups) }
        if let trace = context.trace {
            metadata["traceId"] = .string(trace.traceID)
            metadata["spanId"] = .string(trace.spanID)
        }
        return metadata
    }

    /// The metadata with the time from the request's arrival until now.
    var timedMetadata: JSONObject? {
        guard let began else { return metadata }
        var timed = metadata ?? JSONObject()
        timed["duration"] = .string(AuditEvent.text(of: began.duration(to: .now)))
        return timed
    }

    private static func text(of duration: Duration) -> String {
        let micros = max(0, duration / Duration.microseconds(1))
        return "\(micros.rounded() / 1_000)ms"
    }

    /// The event as clients get it; empty parts are left out.
    package var json: JSONObject {
        var json: JSONObject = ["id": .string(id), "namespace": .string(namespace)]
        func add(_ key: String, _ text: String?) {
            if let text, !text.isEmpty { json[key] = .string(text) }
        }
        add("correlationId", correlationID)
        json["eventType"] = .string(eventType)
        json["actor"] = .string(actor)
        add("requestId", requestID)
        add("plugin", plugin)
        add("resourceType", resourceType)
        if !resourceIDs.isEmpty { json["resourceIds"] = .strings(resourceIDs) }
        add("assetUid", assetUID)
        add("versionId", versionID)
        add("action", action)
        add("actionVerb", actionVerb)
        json["outcome"] = .string(outcome.rawValue)
        json["statusCode"] = statusCode.map { .int($0) }
        add("reason", reason)
        for (key, value) in [
            ("oldValue", oldValue), ("newValue", newValue), ("metadata", metadata),
        ] {
            if let value, !value.isEmpty { json[key] = .object(value) }
        }
        json["createdAt"] = .string(Timestamp(ms: createdAtMs).description)
        return json
    }
}
