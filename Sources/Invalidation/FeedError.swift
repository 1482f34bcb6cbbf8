package import Postgres
package import ReadPath

/// What can go wrong between the store's log and the cache.
package struct FeedError: Error, Equatable, Sendable, CustomStringConvertible {
    /// The kind of failure; stable in logs and metrics.
    package struct Code: Hashable, Sendable, CustomStringConvertible {
        package let description: String

        /// The store did not answer.
        package static let storeUnavailable = Code(description: "store_unavailable")
        /// The store answered with something that is not a row of the log.
        package static let malformedRow = Code(description: "malformed_row")
        /// The cache refused.
        package static let cache = Code(description: "cache")
        /// The feed is shutting down.
        package static let stopped = Code(description: "stopped")
    }

    package let code: Code
    package let message: String

    package init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    package init(_ cause: PostgresError) {
        self.init(.storeUnavailable, cause.message)
    }

    package init(_ cause: ReadError) {
        self.init(.cache, cause.description)
    }

    package static func == (left: FeedError, right: FeedError) -> Bool {
        left.code == right.code
    }

    package var description: String { "\(code): \(message)" }
}
