/// Why a text is not acceptable JSON, and where.
package struct JSONError: Error, Equatable, Sendable, CustomStringConvertible {
    /// A stable name of a class of failures.
    package struct Code: Hashable, Sendable, CustomStringConvertible {
        package let rawValue: String

        package var description: String { rawValue }

        package static let syntax = Code(rawValue: "syntax")
        package static let duplicateKey = Code(rawValue: "duplicate_key")
        package static let tooDeep = Code(rawValue: "too_deep")
        package static let invalidText = Code(rawValue: "invalid_text")
        package static let numberOutOfRange = Code(rawValue: "number_out_of_range")
    }

    package let code: Code
    package let message: String
    /// The byte at which reading stopped, from zero.
    package let offset: Int
    /// The line of that byte, from one.
    package let line: Int
    /// The byte's place in its line, from one.
    package let column: Int

    init(_ code: Code, _ message: String, offset: Int, in bytes: [UInt8]) {
        self.code = code
        self.message = message
        self.offset = offset
        var line = 1
        var lineStart = 0
        for index in 0..<min(offset, bytes.count) where bytes[index] == UInt8(ascii: "\n") {
            line += 1
            lineStart = index + 1
        }
        self.line = line
        self.column = offset - lineStart + 1
    }

    package static func == (left: JSONError, right: JSONError) -> Bool { left.code == right.code }

    package var description: String {
        "\(message) at line \(line), column \(column) (byte \(offset))"
    }

    /// The error that a client gets for a body of this kind.
    package var requestError: RequestError {
        .badRequest("invalid JSON: \(description)", details: ["reason": code.rawValue])
    }
}
