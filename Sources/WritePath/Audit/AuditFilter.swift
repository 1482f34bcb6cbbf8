/// Which audit events of a namespace a list shows; a part that is nil or empty shows all.
package struct AuditFilter: Sendable, Hashable {
    package var actor: String?
    package var plugin: String?
    /// Compared with the action's verb.
    package var action: String?
    package var eventType: String?
    package var assetUID: String?

    /// Makes a filter.
    package init(
        actor: String? = nil, plugin: String? = nil, action: String? = nil,
        eventType: String? = nil, assetUID: String? = nil
    ) {
        self.actor = actor
        self.plugin = plugin
        self.action = action
        self.eventType = eventType
        self.assetUID = assetUID
    }

    /// The columns that take part, each with the value it must have.
    var conditions: [(column: String, value: String)] {
        let all = [
            ("actor", actor), ("plugin", plugin), ("action_verb", action),
            ("event_type", eventType), ("asset_uid", assetUID),
        ]
        return all.compactMap { column, value in
            guard let value, !value.isEmpty else { return nil }
            return (column, value.storable)
        }
    }
}

/// One page of audit events, newest first.
package struct AuditPage: Sendable, Hashable {
    package let events: [AuditEvent]
    /// Leads to the next page; nil on the last one.
    package let nextPageToken: String?
    /// Number of events that match, on all pages.
    package let totalSize: Int
}
