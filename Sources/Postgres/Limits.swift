/// Every bound of this target in one place; none of them is reached in normal work.
package enum Limits {
    /// Submissions sent on one connection whose answer has not arrived yet.
    package static let submissionsInFlight = 256
    /// Submissions that may wait unsent behind those in flight on one connection.
    package static let submissionsPending = 4_096
    /// Parameters of one statement; the protocol counts them in 16 bits.
    package static let parametersPerStatement = 65_535
    /// Bytes of all parameters of one statement.
    package static let parameterBytesMax = 512 * 1_024 * 1_024
    /// Prepared statements kept on one connection before further ones run unnamed.
    package static let preparedStatementsPerConnection = 1_024
    /// How often one submission is sent again because its prepared statement had gone.
    package static let staleStatementRetries = 2
    /// Callers that may wait for a connection of one pool.
    package static let poolWaiters = 1_024
    /// Events that a listener keeps for a slow consumer before it starts a new session.
    package static let listenerEvents = 4_096
    /// How often a listener asks its server for a sign of life, and how long it waits for one.
    package static let pingInterval: Duration = .seconds(1)
    package static let pingTimeout: Duration = .milliseconds(500)
    /// Descriptor events handled per turn of the reactor.
    package static let eventsPerTurn = 64
    /// Deadline of a statement when neither the call nor the configuration says otherwise.
    package static let queryTimeout: Duration = .seconds(30)
    /// Deadline of a connection attempt.
    package static let connectTimeout: Duration = .seconds(5)
    /// Longest wait for a free connection.
    package static let acquireTimeout: Duration = .seconds(5)
    /// Reconnect delays are drawn from zero to a ceiling that doubles between these two.
    package static let backoffMinimum: Duration = .milliseconds(50)
    package static let backoffMaximum: Duration = .seconds(2)
    /// Ceiling of the first delay before a transaction is tried again.
    package static let transactionRetryDelay: Duration = .milliseconds(5)
}
