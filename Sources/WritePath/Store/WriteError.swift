package import Postgres

/// Why the store cannot work, for reasons that are not a client's.
///
/// Two errors are equal if their codes are equal; the message is safe to log.
package struct WriteError: Error, Equatable, Sendable, CustomStringConvertible {
    /// A stable, string-backed name of a class of failures.
    package struct Code: Hashable, Sendable, CustomStringConvertible {
        package let rawValue: String

        package var description: String { rawValue }

        /// An applied migration has another text than the one of this release.
        package static let migrationChanged = Code(rawValue: "migration_changed")
        /// The database refused a migration.
        package static let migrationFailed = Code(rawValue: "migration_failed")
        /// Another process kept the migration lock for too long.
        package static let migrationLocked = Code(rawValue: "migration_locked")
        /// A copy was to go where there is something already.
        package static let copyTargetNotEmpty = Code(rawValue: "copy_target_not_empty")
        /// What a copy has made is not what it was made from.
        package static let copyDiffers = Code(rawValue: "copy_differs")
        /// The database cannot be reached.
        package static let databaseUnavailable = Code(rawValue: "database_unavailable")
    }

    package let code: Code
    package let message: String
    package let cause: PostgresError?

    /// Makes an error from its parts.
    package init(_ code: Code, _ message: String, cause: PostgresError? = nil) {
        self.code = code
        self.message = message
        self.cause = cause
    }

    package static func == (left: WriteError, right: WriteError) -> Bool {
        left.code == right.code
    }

    package var description: String { "\(code): \(message)" }
}
