package import CatalogModel

/// What of a namespace's changes is followed, and from where.
package struct ChangeSubscription: Sendable {
    /// A revision or a cursor; the present head if there is none.
    package var from: String?
    package var namespace: String?
    package var plugin: String?
    package var kind: String?
    package var hasDocuments = false

    /// Everything from the present head on.
    package init() {}

    var query: [(name: String, value: String)] {
        var query: [(name: String, value: String)] = []
        if let plugin { query.append(("plugin", plugin)) }
        if let kind { query.append(("kind", kind)) }
        if hasDocuments { query.append(("include", "body")) }
        return query
    }
}

/// What follows from a stream of changes.
package enum ChangeEvent: Sendable {
    /// All changes of one transaction that are followed; the next one begins after the cursor.
    case transaction([JSONValue], cursor: String)
    /// Everything up to the cursor was told.
    case bookmark(JSONValue, cursor: String)
    /// The place is lost: list again. Nothing comes after it.
    case reset(JSONValue)
}

/// Puts transactions together, so that a stream that breaks within one tells it once.
struct ChangeAssembler {
    private var pending: [JSONValue] = []

    /// What an event completes; nil where more belongs to it.
    ///
    /// Throws what is no JSON as `JSONError`.
    mutating func take(_ event: EventParser.Event) throws -> ChangeEvent? {
        let data = try JSONParser.parse(Array(event.data.utf8))
        switch (event.name, event.id) {
        case ("change", _):
            pending.append(data)
            return nil
        case ("revision", let id?):
            defer { pending = [] }
            return pending.isEmpty
                ? .bookmark(data, cursor: id) : .transaction(pending, cursor: id)
        case ("bookmark", let id?): return .bookmark(data, cursor: id)
        case ("reset", _): return .reset(data)
        default: return nil
        }
    }
}
