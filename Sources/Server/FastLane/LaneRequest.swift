/// A request of the plain form: where its parts lie in the bytes that it was read from.
///
/// A range that is empty stands for a part that was not sent.
struct LaneRequest: Sendable, Hashable {
    /// Whether only the head of the answer is wanted.
    var isHead = false
    /// Bytes of the whole request; its form allows no body.
    var byteCount = 0
    /// Path and query.
    var target = 0..<0
    var path = 0..<0
    var query = 0..<0
    var origin = 0..<0
    var namespace = 0..<0
    var user = 0..<0
    var groups = 0..<0
    var requestID = 0..<0
    var ifNoneMatch = 0..<0
    var acceptEncoding = 0..<0
    var traceparent = 0..<0
    var hasAuthorization = false
}

/// The header fields that the lane knows.
enum LaneField: UInt8, Sendable {
    case host, connection, origin, namespace, user, groups, requestID, ifNoneMatch, authorization
    case acceptEncoding, traceparent
    /// Has no bearing on a hit.
    case other
    /// Changes what the request means or how it is framed: the router has to see it.
    case refused
}

/// Which names the fields have that the lane knows.
struct LaneFields: ~Copyable {
    private let names: [(name: PackedName, field: LaneField)] = {
        let known: [(String, LaneField)] = [
            ("host", .host), ("connection", .connection), ("origin", .origin),
            ("x-namespace", .namespace), ("x-remote-user", .user), ("x-remote-group", .groups),
            ("x-request-id", .requestID), ("if-none-match", .ifNoneMatch),
            ("authorization", .authorization), ("accept-encoding", .acceptEncoding),
            ("traceparent", .traceparent),
        ]
        let refused = [
            "cache-control", "expect", "http2-settings", "keep-alive", "prefer", "range", "te",
            "trailer", "upgrade",
        ]
        return (known + refused.map { ($0, .refused) }).map { (PackedName($0.0), $0.1) }
    }()

    /// Families of fields of which any, also one that comes later, may change the meaning.
    private let refusedPrefixes: [PackedName] = [
        "access-control-", "content-", "if-", "proxy-", "sec-websocket-", "transfer-",
        "x-catalog-", "x-http-method",
    ].map { PackedName($0) }

    /// The field of a name in any case.
    func field(named name: Range<Int>, in bytes: Span<UInt8>) -> LaneField {
        let sought = PackedName(bytes, name)
        for (known, field) in names where known == sought { return field }
        for prefix in refusedPrefixes where sought.hasPrefix(prefix) { return .refused }
        return .other
    }
}
