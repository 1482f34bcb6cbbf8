package import LMDB

/// What can go wrong between a read and its answer inside the cache.
package struct ReadError: StorageFailure, Equatable, Sendable, CustomStringConvertible {
    /// The kind of failure; stable in logs and metrics.
    package struct Code: Hashable, Sendable, CustomStringConvertible {
        package let description: String

        /// LMDB refused or failed; the cause says how.
        package static let storage = Code(description: "storage")
        /// Bytes of the cache are not what was written; the namespace has to be rebuilt.
        package static let damaged = Code(description: "damaged")
        /// The files belong to another release, history or definition; they have to be rebuilt.
        package static let foreign = Code(description: "foreign")
        /// A list would look at more entities than it may.
        package static let tooBroad = Code(description: "too_broad")
        /// A batch does not follow the revision that the cache holds.
        package static let outOfOrder = Code(description: "out_of_order")
    }

    package let code: Code
    package let message: String
    package let cause: StorageError?

    package init(_ code: Code, _ message: String, cause: StorageError? = nil) {
        self.code = code
        self.message = message
        self.cause = cause
    }

    package init(_ cause: StorageError) {
        let damage: Set<StorageError.Code> = [.corrupted, .notADatabase, .versionMismatch]
        self.init(damage.contains(cause.code) ? .damaged : .storage, cause.message, cause: cause)
    }

    /// Whether the disk or the map has no room, or the files can no longer be written.
    ///
    /// A write that met only half of its room arrives as `.io`, and may leave an environment that
    /// has to be opened anew, which is `.panic`.
    package var isUnwritable: Bool {
        guard let cause else { return false }
        let causes: Set<StorageError.Code> = [.diskFull, .mapFull, .io, .panic, .accessDenied]
        return causes.contains(cause.code)
    }

    package static func == (left: ReadError, right: ReadError) -> Bool {
        left.code == right.code
    }

    package var description: String { "\(code): \(message)" }
}
