/// A failure that a client caused or must be told about, without any transport detail.
///
/// Two errors are equal if their codes are equal. The message is sent to the client as it stands.
package struct RequestError: Error, Equatable, Sendable, CustomStringConvertible {
    /// A stable, string-backed name of a class of failures.
    package struct Code: Hashable, Sendable, CustomStringConvertible {
        package let rawValue: String

        package var description: String { rawValue }

        package static let badRequest = Code(rawValue: "bad_request")
        package static let unauthorized = Code(rawValue: "unauthorized")
        package static let forbidden = Code(rawValue: "forbidden")
        /// Everybody but this caller may do it; a rule of the domain, not a missing permission.
        package static let notAllowed = Code(rawValue: "not_allowed")
        package static let notFound = Code(rawValue: "not_found")
        package static let conflict = Code(rawValue: "conflict")
        package static let gone = Code(rawValue: "gone")
        package static let preconditionFailed = Code(rawValue: "precondition_failed")
        package static let preconditionRequired = Code(rawValue: "precondition_required")
        package static let payloadTooLarge = Code(rawValue: "payload_too_large")
        /// The client expects something of the server that it does not know.
        package static let expectationFailed = Code(rawValue: "expectation_failed")
        package static let unsupportedMediaType = Code(rawValue: "unsupported_media_type")
        package static let unprocessable = Code(rawValue: "unprocessable")
        /// No form of the answer is one that the client accepts.
        package static let notAcceptable = Code(rawValue: "not_acceptable")
        /// A list would look at more entities than one request may.
        package static let queryTooBroad = Code(rawValue: "query_too_broad")
        package static let tooManyRequests = Code(rawValue: "too_many_requests")
        package static let notImplemented = Code(rawValue: "not_implemented")
        package static let unavailable = Code(rawValue: "unavailable")
        /// What this replica holds is older than it may serve, and the store cannot be asked.
        package static let stale = Code(rawValue: "stale")
        package static let timeout = Code(rawValue: "timeout")
        package static let internalError = Code(rawValue: "internal_error")
    }

    package let code: Code
    package let message: String
    /// Small machine-readable additions, such as the states of a denied transition.
    package let details: [String: String]

    /// Makes an error from its parts.
    package init(_ code: Code, _ message: String, details: [String: String] = [:]) {
        self.code = code
        self.message = message
        self.details = details
    }

    package static func == (left: RequestError, right: RequestError) -> Bool {
        left.code == right.code
    }

    package var description: String { "\(code): \(message)" }

    /// The request cannot be understood as sent.
    package static func badRequest(
        _ message: String, details: [String: String] = [:]
    ) -> RequestError {
        RequestError(.badRequest, message, details: details)
    }

    /// The named thing does not exist in this namespace.
    package static func notFound(
        _ message: String, details: [String: String] = [:]
    ) -> RequestError {
        RequestError(.notFound, message, details: details)
    }

    /// The request contradicts the present state.
    package static func conflict(
        _ message: String, details: [String: String] = [:]
    ) -> RequestError {
        RequestError(.conflict, message, details: details)
    }

    /// The request is well formed but its content is not acceptable.
    package static func unprocessable(
        _ message: String, details: [String: String] = [:]
    ) -> RequestError {
        RequestError(.unprocessable, message, details: details)
    }

    /// The caller may not do this.
    package static func forbidden(
        _ message: String, details: [String: String] = [:]
    ) -> RequestError {
        RequestError(.forbidden, message, details: details)
    }

    /// The request cannot be served at present and may be repeated later.
    package static func unavailable(
        _ message: String, details: [String: String] = [:]
    ) -> RequestError {
        RequestError(.unavailable, message, details: details)
    }
}
