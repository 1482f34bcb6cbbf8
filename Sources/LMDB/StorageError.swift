import CLMDB

/// A failure of the embedded store, by code and with the number that the library or the kernel
/// gave.
///
/// Equality looks at the code only.
package struct StorageError: Error, Equatable, Sendable {
    /// What went wrong, for branching.
    package let code: Code

    /// The library's return code (negative) or errno (positive).
    package let number: Int32

    /// The call that failed; never holds data of a client.
    package let operation: String

    /// Makes an error from a return code of the library or an errno.
    package init(number: Int32, operation: String) {
        self.code = Code(number: number)
        self.number = number
        self.operation = operation
    }

    /// Makes an error of a known code.
    package init(_ code: Code, operation: String) {
        self.code = code
        self.number = code.number
        self.operation = operation
    }

    /// One sentence for logs, free of keys and values.
    package var message: String {
        guard number != 0, let text = unsafe mdb_strerror(number) else {
            return "\(operation): \(code)"
        }
        return "\(operation): \(code) (\(number), \(unsafe String(cString: text)))"
    }

    package static func == (left: StorageError, right: StorageError) -> Bool {
        left.code == right.code
    }
}

extension StorageError: CustomStringConvertible {
    package var description: String { message }
}

/// An error type that can carry a failure of the store.
///
/// `Environment.read` and `write` take bodies that throw such a type, so a caller keeps typed
/// throws.
package protocol StorageFailure: Error {
    /// Wraps a failure of the store.
    init(_ error: StorageError)
}

extension StorageError: StorageFailure {
    package init(_ error: StorageError) {
        self = error
    }
}
