import GRDB
import Postgres

/// Turns what SQLite refuses into the errors that the store knows, by the SQLSTATE of the same cause.
enum SQLiteFailure {
    private static let mark = "SQLSTATE "

    /// What a function throws to refuse a value.
    static func refusal(sqlState: String, _ message: String) -> DatabaseError {
        DatabaseError(resultCode: .SQLITE_ERROR, message: "\(mark)\(sqlState) \(message)")
    }

    static func error(_ error: any Error) -> PostgresError {
        if let error = error as? PostgresError { return error }
        guard let error = error as? DatabaseError else {
            return PostgresError(.server, "the embedded store failed", sqlState: "XX000")
        }
        let message = error.message ?? "error \(error.resultCode.rawValue)"
        if message.hasPrefix(mark) {
            let rest = message.dropFirst(mark.count)
            return PostgresError(
                .server, String(rest.dropFirst(6)), sqlState: String(rest.prefix(5)))
        }
        return PostgresError(
            .server, withoutValues(message), sqlState: state(of: error),
            constraint: message.split(separator: ": ").last.map(String.init))
    }

    private static func state(of error: DatabaseError) -> String {
        switch error.extendedResultCode {
        case .SQLITE_CONSTRAINT_UNIQUE, .SQLITE_CONSTRAINT_PRIMARYKEY: return "23505"
        case .SQLITE_CONSTRAINT_CHECK: return "23514"
        case .SQLITE_CONSTRAINT_NOTNULL: return "23502"
        case .SQLITE_CONSTRAINT_FOREIGNKEY: return "23503"
        default: break
        }
        switch error.resultCode {
        case .SQLITE_CONSTRAINT: return "23000"
        case .SQLITE_BUSY, .SQLITE_LOCKED: return "55P03"
        case .SQLITE_FULL: return "53100"
        case .SQLITE_IOERR, .SQLITE_CANTOPEN: return "58030"
        case .SQLITE_READONLY, .SQLITE_PERM: return "25006"
        case .SQLITE_NOMEM: return "53200"
        case .SQLITE_TOOBIG: return "54000"
        case .SQLITE_CORRUPT, .SQLITE_NOTADB: return "XX001"
        default: return "XX000"
        }
    }

    /// SQLite quotes parts of statements, never values; a text that looks like one is cut.
    private static func withoutValues(_ message: String) -> String {
        message.count > 200 ? String(message.prefix(200)) + "…" : message
    }
}
