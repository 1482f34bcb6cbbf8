/// Why a request has no answer that could be used.
package struct ClientError: Error, Sendable, CustomStringConvertible {
    /// What went wrong; stable, for callers to branch on.
    package struct Code: Hashable, Sendable, CustomStringConvertible {
        private enum Value: String {
            case address, unreachable, timeout, tooLarge, malformed, refused
        }
        private let value: Value

        /// The address of a server is none.
        package static let address = Code(value: .address)
        /// The server could not be reached, or the connection broke.
        package static let unreachable = Code(value: .unreachable)
        /// The server did not answer in time.
        package static let timeout = Code(value: .timeout)
        /// The answer is larger than the client reads.
        package static let tooLarge = Code(value: .tooLarge)
        /// The answer is not what the API promises.
        package static let malformed = Code(value: .malformed)
        /// The server refuses a stream of changes.
        package static let refused = Code(value: .refused)

        package var description: String { value.rawValue }
    }

    package let code: Code
    package let message: String
    /// The server that was asked.
    package let server: String

    /// An error of a request to a server.
    package init(_ code: Code, _ message: String, server: String) {
        self.code = code
        self.message = message
        self.server = server
    }

    package var description: String { "\(server): \(message)" }
}
