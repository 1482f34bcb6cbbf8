package import CatalogModel

/// The answer to a write that is committed.
package struct WriteResponse: Sendable, Hashable {
    /// How a write succeeded; the raw value is what the audit log and stored answers record.
    package enum Status: Int, Sendable, Hashable {
        case ok = 200
        case created = 201
        case accepted = 202
        case noContent = 204
    }

    package let status: Status
    /// JSON with a newline at its end, or nothing.
    package let body: [UInt8]
    /// The tag of the written entity, if there is one.
    package let tag: EntityTag?
    /// The path of a created entity.
    package let location: String?
    /// The namespace's head that includes this write; later if the answer is a repeated one.
    package let head: NamespaceHead
    /// Whether the write made a new revision.
    package let changed: Bool
    /// Whether this is the stored answer to an earlier request with the same idempotency key.
    package let replayed: Bool

    /// Makes an answer.
    package init(
        status: Status, body: [UInt8] = [], tag: EntityTag? = nil, location: String? = nil,
        head: NamespaceHead, changed: Bool, replayed: Bool = false
    ) {
        self.status = status
        self.body = body
        self.tag = tag
        self.location = location
        self.head = head
        self.changed = changed
        self.replayed = replayed
    }
}
