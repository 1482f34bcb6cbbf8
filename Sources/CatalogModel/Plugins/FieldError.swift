/// One objection to a value in an entity's document.
package struct FieldError: Sendable, Hashable, CustomStringConvertible {
    /// Where the value lies, such as `agents[3].tools[0].timeout`.
    package let path: String
    package let message: String

    /// Places an objection.
    package init(path: String, message: String) {
        self.path = path
        self.message = message
    }

    package var description: String { path.isEmpty ? message : "\(path): \(message)" }
}
