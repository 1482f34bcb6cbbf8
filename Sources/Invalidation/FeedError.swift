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
        /// The store holds a row that the cache cannot.
        package static let uncacheable = Code(description: "uncacheable")
        /// There is no room for the collection, whatever else is closed.
        package static let overBudget = Code(description: "over_budget")
        /// The replica that feeds this one cannot say it yet.
        package static let behind = Code(description: "behind")
        /// The feed is shutting down.
        package static let stopped = Code(description: "stopped")
    }

    package let code: Code
    package let message: String
    /// What the cache said, where it was the cache.
    package let cause: ReadError?

    package init(_ code: Code, _ message: String, cause: ReadError? = nil) {
        self.code = code
        self.message = message
        self.cause = cause
    }

    package init(_ cause: PostgresError) {
        self.init(.storeUnavailable, cause.message)
    }

    package init(_ cause: ReadError) {
        self.init(.cache, cause.description, cause: cause)
    }

    package static func == (left: FeedError, right: FeedError) -> Bool {
        left.code == right.code
    }

    package var description: String { "\(code): \(message)" }
}
