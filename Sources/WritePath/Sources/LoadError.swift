/// Why a sources file or a catalog file was refused, with every problem found and its place.
///
/// Two errors are equal if their codes are equal. Nothing of a refused file is used.
package struct LoadError: Error, Equatable, Sendable, CustomStringConvertible {
    /// A stable, string-backed name of a class of problems.
    package struct Code: Hashable, Sendable, CustomStringConvertible {
        package let rawValue: String

        package var description: String { rawValue }

        package static let unreadable = Code(rawValue: "unreadable")
        package static let tooLarge = Code(rawValue: "too_large")
        package static let yamlSyntax = Code(rawValue: "yaml_syntax")
        package static let duplicateKey = Code(rawValue: "duplicate_key")
        package static let unsupportedYAML = Code(rawValue: "unsupported_yaml")
        package static let unknownField = Code(rawValue: "unknown_field")
        package static let missingField = Code(rawValue: "missing_field")
        package static let invalidField = Code(rawValue: "invalid_field")
        package static let invalidEntity = Code(rawValue: "invalid_entity")
        package static let duplicateName = Code(rawValue: "duplicate_name")
        package static let duplicateSource = Code(rawValue: "duplicate_source")
        package static let unknownPlugin = Code(rawValue: "unknown_plugin")
        package static let unsupportedType = Code(rawValue: "unsupported_type")
        /// The allow-list, or the rules about addresses, refuse the host.
        package static let hostRefused = Code(rawValue: "host_refused")
        package static let unreachable = Code(rawValue: "unreachable")
        package static let timeout = Code(rawValue: "timeout")
        /// The other side says that it cannot answer now.
        package static let sourceUnavailable = Code(rawValue: "source_unavailable")
        /// The other side cannot show that it is who it should be.
        package static let untrusted = Code(rawValue: "untrusted")
        package static let unauthorized = Code(rawValue: "unauthorized")
        package static let notFound = Code(rawValue: "not_found")
        package static let badAnswer = Code(rawValue: "bad_answer")
        /// git ended with an error of another kind.
        package static let gitFailed = Code(rawValue: "git_failed")
    }

    /// One thing that is wrong, and where.
    package struct Problem: Hashable, Sendable, CustomStringConvertible {
        package let code: Code
        package let file: String
        /// Where in the file, or nil if the file as a whole is meant.
        package let position: SourcePosition?
        package let text: String

        /// Makes a problem from its parts.
        package init(_ code: Code, file: String, at position: SourcePosition?, _ text: String) {
            self.code = code
            self.file = file
            self.position = position
            self.text = text
        }

        /// `file:line:column: text`.
        package var description: String {
            guard let position else { return "\(file): \(text)" }
            return "\(file):\(position): \(text)"
        }
    }

    /// What is wrong, in the order of the text; never empty, at most `SourceLimits.problems`.
    package let problems: [Problem]
    /// How many problems were found beyond those listed.
    package let omitted: Int

    /// Makes an error of one problem.
    package init(_ code: Code, file: String, at position: SourcePosition? = nil, _ text: String) {
        problems = [Problem(code, file: file, at: position, text)]
        omitted = 0
    }

    /// Makes an error of several problems, which must not be none.
    init(problems found: [Problem]) {
        precondition(!found.isEmpty, "an error needs a problem")
        let sorted = found.enumerated().sorted { left, right in
            guard let first = left.element.position, let second = right.element.position else {
                return left.element.position == nil && right.element.position != nil
            }
            return (first, left.offset) < (second, right.offset)
        }
        problems = sorted.prefix(SourceLimits.problems).map(\.element)
        omitted = max(0, found.count - SourceLimits.problems)
    }

    /// Whether the same load may succeed a moment later.
    package var isTransient: Bool {
        [.unreachable, .timeout, .sourceUnavailable].contains(code)
    }

    /// The class of the first problem.
    package var code: Code { problems[0].code }

    /// The first problem as `file:line:column: text`.
    package var message: String { problems[0].description }

    package static func == (left: LoadError, right: LoadError) -> Bool { left.code == right.code }

    /// All listed problems, one a line.
    package var description: String {
        var lines = problems.map(\.description)
        if omitted > 0 { lines.append("and \(omitted) more") }
        return lines.joined(separator: "\n")
    }
}
