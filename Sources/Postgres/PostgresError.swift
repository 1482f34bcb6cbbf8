/// What went wrong between this process and Postgres.
///
/// Two errors are equal when their codes are; `description` is safe to log, `debugDescription`
/// also shows the server's detail, which may hold tenant data.
package struct PostgresError: Error, Sendable {
    /// Kind of failure, stable text in logs.
    package struct Code: Hashable, Sendable, CustomStringConvertible {
        package let description: String

        /// No connection could be made.
        package static let connectFailed = Code(description: "connectFailed")
        /// An open connection broke; whether the statement took effect is not known.
        package static let connectionLost = Code(description: "connectionLost")
        /// A deadline passed.
        package static let timeout = Code(description: "timeout")
        /// Too many callers wait already.
        package static let poolExhausted = Code(description: "poolExhausted")
        /// The pool or connection was shut down by its owner.
        package static let poolClosed = Code(description: "poolClosed")
        /// Postgres answered with an error; `sqlState` is set.
        package static let server = Code(description: "server")
        /// A value is not what the caller asked for.
        package static let decoding = Code(description: "decoding")
        /// The calling task was cancelled.
        package static let cancelled = Code(description: "cancelled")
        /// The call itself is wrong: connection string, parameter, statement.
        package static let misuse = Code(description: "misuse")
    }

    package let code: Code
    /// Text without tenant data.
    package let message: String
    /// Five characters of the SQLSTATE, for example 23505.
    package let sqlState: String?
    /// Name of the violated constraint.
    package let constraint: String?
    /// The server's detail line; may hold tenant data, so never log it.
    package let detail: String?

    package init(
        _ code: Code, _ message: String, sqlState: String? = nil, constraint: String? = nil,
        detail: String? = nil
    ) {
        self.code = code
        self.message = message
        self.sqlState = sqlState
        self.constraint = constraint
        self.detail = detail
    }

    /// Whether the same call may succeed a moment later.
    package var isTransient: Bool {
        if let sqlState {
            return sqlState == "40001" || sqlState == "40P01" || sqlState == "53300"
                || sqlState.hasPrefix("08") || sqlState.hasPrefix("57P0")
        }
        return code == .connectFailed || code == .connectionLost
    }

    /// Whether the transaction lost against another one and may be run again.
    package var isSerializationFailure: Bool { sqlState == "40001" || sqlState == "40P01" }

    /// Whether the prepared statement behind the error is gone, taken or outdated.
    var isStaleStatement: Bool {
        switch sqlState {
        case "26000", "42P05": true
        case "0A000": message.contains("cached plan must not change result type")
        default: false
        }
    }

    /// Whether the connection went away under the statement.
    var isLostConnection: Bool {
        code == .connectionLost || (sqlState?.hasPrefix("57P0") ?? false)
    }
}

extension PostgresError: Equatable {
    package static func == (left: PostgresError, right: PostgresError) -> Bool {
        left.code == right.code
    }
}

extension PostgresError: CustomStringConvertible, CustomDebugStringConvertible {
    package var description: String {
        let state = sqlState.map { " \($0)" } ?? ""
        return "\(code)\(state): \(message)"
    }

    package var debugDescription: String {
        var text = description
        if let constraint { text += " [constraint \(constraint)]" }
        if let detail { text += " [detail: \(detail)]" }
        return text
    }
}

extension String {
    /// Replaces everything between the first and the last quotation mark.
    func withoutQuotedText() -> String {
        guard let first = firstIndex(of: "\""), let last = lastIndex(of: "\""), first < last else {
            return self
        }
        return self[...first] + "…" + self[last...]
    }

    /// Drops white space and line ends at the end, which libpq appends to its messages.
    func trimmedEnd() -> String {
        var end = endIndex
        while end > startIndex, self[index(before: end)].isWhitespace { end = index(before: end) }
        return String(self[..<end])
    }
}
