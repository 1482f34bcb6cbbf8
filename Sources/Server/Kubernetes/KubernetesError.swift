/// What the Kubernetes API refused, or why it could not be asked.
///
/// Two errors are equal if their codes are equal.
package struct KubernetesError: Error, Equatable, Sendable, CustomStringConvertible {
    /// A stable name of a class of failures.
    package struct Code: Hashable, Sendable, CustomStringConvertible {
        package let description: String

        /// The object does not exist.
        package static let notFound = Code(description: "not_found")
        /// The object exists already, or is not the version that the change was made from.
        package static let conflict = Code(description: "conflict")
        /// The token is not accepted.
        package static let unauthorized = Code(description: "unauthorized")
        /// The server's own role lacks a grant.
        package static let forbidden = Code(description: "forbidden")
        /// The version that a watch began at is no longer known; list anew.
        package static let gone = Code(description: "gone")
        /// Any other answer that is no success.
        package static let refused = Code(description: "refused")
        /// No answer in time, or no connection.
        package static let unavailable = Code(description: "unavailable")
        /// An answer that is not what the API promises.
        package static let malformed = Code(description: "malformed")
        /// A file of the service account cannot be read or the address is missing.
        package static let configuration = Code(description: "configuration")
    }

    package let code: Code
    package let message: String

    package init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    package static func == (left: KubernetesError, right: KubernetesError) -> Bool {
        left.code == right.code
    }

    package var description: String { "\(code): \(message)" }
}
