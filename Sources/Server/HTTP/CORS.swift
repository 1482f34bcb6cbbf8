import HTTPTypes
import Hummingbird

/// Cross-origin rules of the contract (section 1.1): any web origin, no credentials.
enum CORS {
    private static let methods = "GET, POST, PUT, PATCH, DELETE, OPTIONS"
    private static let requestHeaders =
        "Accept, Authorization, Content-Type, X-CSRF-Token, X-PINGOTHER, X-Namespace"
    private static let maxAgeSeconds = "300"

    /// The answer to a preflight request, or nil when the request is none.
    static func preflight(_ request: Request) -> Response? {
        guard request.method == .options, let origin = origin(of: request),
            request.headers[.accessControlRequestMethod] != nil
        else { return nil }
        return Response(
            status: .ok,
            headers: [
                .accessControlAllowOrigin: origin, .accessControlAllowMethods: methods,
                .accessControlAllowHeaders: requestHeaders, .accessControlMaxAge: maxAgeSeconds,
                .vary: "Origin, Access-Control-Request-Method, Access-Control-Request-Headers",
            ])
    }

    /// Marks an answer as readable by the page that asked.
    static func allow(_ request: Request, _ headers: inout HTTPFields) {
        guard let origin = origin(of: request) else { return }
        headers[.accessControlAllowOrigin] = origin
        headers[.accessControlExposeHeaders] = "Link"
        headers.append(HTTPField(name: .vary, value: "Origin"))
    }

    private static func origin(of request: Request) -> String? {
        guard let origin = request.headers[.origin] else { return nil }
        return origin.hasPrefix("http://") || origin.hasPrefix("https://") ? origin : nil
    }
}
