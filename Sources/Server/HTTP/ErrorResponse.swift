import CatalogModel
import HTTPTypes
import Hummingbird

/// The envelopes in which the contract writes errors.
enum ErrorShape: Sendable {
    /// `{"error":"message"}`
    case plain
    /// `{"error":"message"}` on the native routes of MCP servers.
    case mcp
    /// `{"error":"Not Found","message":"…"}`
    case management
    /// `{"error":"message"}`, and for the lifecycle's rules
    /// `{"code":"LIFECYCLE_…","from":"…","to":"…","message":"…"}`.
    case governance
    /// `{"code":"Not Found","message":"…"}`
    case model
    /// `{"error":"bad_request","message":"…"}`, for tenancy and permissions on every path.
    case gate

    /// The media type; the native routes of models and MCP servers name the encoding.
    var contentType: String {
        switch self {
        case .mcp, .model: "application/json; charset=UTF-8"
        case .plain, .management, .gate, .governance: "application/json"
        }
    }
}

/// The one place that knows which status belongs to which error.
enum ErrorResponse {
    static func status(of code: RequestError.Code) -> HTTPResponse.Status {
        switch code {
        case .badRequest: .badRequest
        case .unauthorized: .unauthorized
        case .forbidden, .notAllowed: .forbidden
        case .notFound: .notFound
        case .conflict: .conflict
        case .gone: .gone
        case .preconditionFailed: .preconditionFailed
        case .preconditionRequired: .preconditionRequired
        case .payloadTooLarge: .contentTooLarge
        case .expectationFailed: .expectationFailed
        case .unsupportedMediaType: .unsupportedMediaType
        case .notAcceptable: .notAcceptable
        case .unprocessable, .queryTooBroad: .unprocessableContent
        case .tooManyRequests: .tooManyRequests
        case .notImplemented: .notImplemented
        case .unavailable, .stale: .serviceUnavailable
        case .timeout: .gatewayTimeout
        default: .internalServerError
        }
    }

    /// Errors are never stored by caches; the stable code travels in a header beside the envelope.
    static func response(_ error: RequestError, shape: ErrorShape) -> Response {
        let status = status(of: error.code)
        var object = JSONObject()
        switch shape {
        case .plain, .mcp:
            object["error"] = .string(error.message)
        case .governance where error.details["lifecycle"] != nil:
            for key in ["lifecycle", "from", "to"] {
                object[key == "lifecycle" ? "code" : key] = error.details[key].map { .string($0) }
            }
            object["message"] = .string(error.message)
        case .governance:
            object["error"] = .string(error.message)
        case .management:
            object["error"] = .string(status.reasonPhrase)
            object["message"] = .string(error.message)
        case .model:
            object["code"] = .string(status.reasonPhrase)
            object["message"] = .string(error.message)
        case .gate:
            object["error"] = .string(error.code.rawValue)
            object["message"] = .string(error.message)
        }
        var headers: HTTPFields = [
            .contentType: shape.contentType, .cacheControl: "no-store",
            .catalogError: error.code.rawValue,
        ]
        if let seconds = error.details["retryAfter"] {
            headers[.retryAfter] = seconds
        } else if status == .serviceUnavailable {
            headers[.retryAfter] = "1"
        }
        let problems = error.details.filter { $0.key != "retryAfter" }
        if !problems.isEmpty, object["code"] == nil || error.details["lifecycle"] == nil {
            object["details"] = .object(
                problems.sorted { $0.key < $1.key }.reduce(into: JSONObject()) {
                    $0[$1.key] = .string($1.value)
                })
        }
        return .json(.object(object), status: status, headers: headers)
    }
}

extension HTTPField.Name {
    static let catalogError = HTTPField.Name.known("X-Catalog-Error")
    static let prefer = HTTPField.Name.known("Prefer")
    static let preferenceApplied = HTTPField.Name.known("Preference-Applied")
    static let catalogVisibility = HTTPField.Name.known("X-Catalog-Visibility")
    static let catalogRevision = HTTPField.Name.known("X-Catalog-Revision")
    static let catalogEpoch = HTTPField.Name.known("X-Catalog-Epoch")
    static let minimumRevision = HTTPField.Name.known("X-Catalog-Min-Revision")
    static let consistency = HTTPField.Name.known("X-Catalog-Consistency")
    static let stalenessBound = HTTPField.Name.known("X-Staleness-Bound")
    static let cache = HTTPField.Name.known("X-Cache")
    static let cacheStatus = HTTPField.Name.known("Cache-Status")
    static let requestID = HTTPField.Name.known("X-Request-ID")
    static let traceparent = HTTPField.Name.known("traceparent")
    static let tracestate = HTTPField.Name.known("tracestate")
    static let correlationID = HTTPField.Name.known("X-Correlation-ID")
    static let namespaceName = HTTPField.Name.known("X-Namespace")
    static let remoteUser = HTTPField.Name.known("X-Remote-User")
    static let remoteGroup = HTTPField.Name.known("X-Remote-Group")
    static let userRole = HTTPField.Name.known("X-User-Role")
    static let userPrincipal = HTTPField.Name.known("X-User-Principal")
    static let idempotencyKey = HTTPField.Name.known("Idempotency-Key")
    static let idempotencyReplayed = HTTPField.Name.known("Idempotency-Replayed")

    private static func known(_ name: String) -> HTTPField.Name {
        guard let name = HTTPField.Name(name) else {
            preconditionFailure("\(name) is not a header name")
        }
        return name
    }
}

extension Response {
    /// A JSON answer ended by a newline.
    static func json(
        _ value: JSONValue, status: HTTPResponse.Status = .ok, headers: HTTPFields = [:]
    ) -> Response {
        .json(bytes: value.encoded + [UInt8(ascii: "\n")], status: status, headers: headers)
    }

    /// A JSON answer from bytes that are complete.
    static func json(
        bytes: [UInt8], status: HTTPResponse.Status = .ok, headers: HTTPFields = [:]
    ) -> Response {
        var headers = headers
        if headers[.contentType] == nil { headers[.contentType] = "application/json" }
        return Response(
            status: status, headers: headers,
            body: ResponseBody(byteBuffer: ByteBuffer(bytes: bytes)))
    }
}
