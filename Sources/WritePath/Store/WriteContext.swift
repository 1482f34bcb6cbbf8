package import CatalogModel
package import Telemetry

/// Who writes, on whose behalf, and how the request came in.
package struct WriteContext: Sendable, Hashable {
    package var namespace: Namespace
    package var actor: String
    package var requestID: String?
    package var correlationID: String?
    package var method: String
    package var path: String
    package var groups: [String]
    /// When the request came in; audit events say how long it took up to their writing.
    package var began: ContinuousClock.Instant?
    /// The client's promise that requests with this key and this digest are one request.
    package var idempotencyKey: String?
    /// What `RequestDigest` makes of the request; needed only with a key.
    package var requestDigest: [UInt8]

    /// The step of the client's trace in which the request is answered.
    package var trace: TraceContext?

    /// Collects the parts.
    package init(
        namespace: Namespace, actor: String, requestID: String? = nil,
        correlationID: String? = nil, method: String, path: String, groups: [String] = [],
        idempotencyKey: String? = nil, requestDigest: [UInt8] = [],
        trace: TraceContext? = nil
    ) {
        self.namespace = namespace
        self.actor = actor
        self.requestID = requestID
        self.correlationID = correlationID
        self.method = method
        self.path = path
        self.groups = groups
        self.idempotencyKey = idempotencyKey
        self.requestDigest = requestDigest
        self.trace = trace
    }
}
