package import CatalogModel
package import Postgres
package import Telemetry

extension PostgresError {
    /// Whether the database or the way to it is at fault, so that the same call may succeed later.
    package var isOutage: Bool {
        guard let sqlState else { return code != .decoding && code != .misuse }
        // Connection, resources, locks, operator's intervention, system, read-only, lost races.
        return ["08", "25", "40", "53", "55", "57", "58"].contains(String(sqlState.prefix(2)))
    }

    /// Whether a transaction may be run again from its beginning: it lost a race, or a prepared
    /// statement is older than the schema.
    var allowsRetry: Bool {
        isSerializationFailure || ["26000", "42P05", "0A000", "23505"].contains(sqlState)
    }

    /// Whether the session is gone, together with everything that it had not committed.
    var endsSession: Bool {
        code == .connectionLost || (sqlState?.hasPrefix("57P0") ?? false)
    }

    /// Whether the database refuses a value: malformed, out of range or too large.
    private var refusesValue: Bool {
        guard let sqlState else { return false }
        return sqlState.hasPrefix("22") || sqlState.hasPrefix("54") || sqlState == "23514"
    }

    /// What a client is told; everything that is not its fault is observed.
    package func requestError(namespace: String, observer: Observer) -> RequestError {
        if refusesValue { return .badRequest("the content cannot be stored: \(message)") }
        observer.observe(
            .writeFailed(
                namespace: namespace, code: sqlState ?? code.description, reason: description))
        guard isOutage else {
            return RequestError(.internalError, "the database refused the request")
        }
        return .unavailable("the database is not available at present; try again later")
    }
}

extension RequestError {
    /// What a client is told of any error that the store's work can end with.
    package static func of(
        _ error: any Error, namespace: String, observer: Observer
    ) -> RequestError {
        switch error {
        case let error as RequestError: error
        case let error as PostgresError:
            error.requestError(namespace: namespace, observer: observer)
        default: .unavailable("the request was cancelled")
        }
    }
}
