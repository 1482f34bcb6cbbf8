/// Identifies one history of a namespace: a restore that starts another history gets another epoch.
package struct Epoch: Hashable, Sendable, CustomStringConvertible {
    /// The UUID in its canonical lower-case text form.
    package let text: String

    /// Wraps the canonical text of a UUID; costs nothing.
    package init(_ text: String) {
        self.text = text
    }

    package var description: String { text }

    /// The first eight characters, enough for a hint to tell one history from another.
    package var prefix: String { String(text.prefix(8)) }
}
