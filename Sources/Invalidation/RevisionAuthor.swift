/// Who made a revision, as the change log recorded it.
package struct RevisionAuthor: Hashable, Sendable {
    /// The user of the request, or the database role of a writer past the server.
    package let actor: String
    /// Nil for a writer past the server.
    package let requestID: String?
    package let committedAtMs: Int64
}
