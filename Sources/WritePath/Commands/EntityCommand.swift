package import CatalogModel

/// A write to entities of one kind, as a client asked for it.
package struct EntityCommand: Sendable, Hashable {
    /// The source that all entities written through the API belong to.
    package static let source = "api"

    package enum Operation: Sendable, Hashable {
        /// Adds an entity; one with its name must not exist.
        case create(JSONValue)
        /// Creates or replaces the entity with the name.
        case replace(name: String, JSONValue, WriteCondition)
        /// Applies a merge patch (RFC 7396) to the entity with the name.
        case mergePatch(name: String, JSONValue, WriteCondition)
        case delete(name: String, WriteCondition)
        /// Creates or replaces each; one that fails does not keep back the others.
        case bulk([BulkItem])
    }

    package let plugin: PluginDefinition
    package let kind: KindDefinition
    package let operation: Operation

    /// Names a command; the kind must be one of the plugin's.
    package init(plugin: PluginDefinition, kind: KindDefinition, _ operation: Operation) {
        precondition(plugin.kind(kind.kind) != nil, "the kind belongs to the plugin")
        self.plugin = plugin
        self.kind = kind
        self.operation = operation
    }

    /// The event of this command, for the log of requests that failed or were denied.
    ///
    /// A success needs none: its event is part of the write.
    package func auditEvent(
        _ context: WriteContext, outcome: AuditEvent.Outcome, statusCode: Int?
    ) -> AuditEvent {
        var event = AuditEvent(context, outcome: outcome, statusCode: statusCode)
        event.plugin = plugin.name
        event.resourceType = "entities"
        event.resourceIDs = name.map { [$0] } ?? []
        event.actionVerb =
            switch operation {
            case .create, .bulk: "create"
            case .replace: "update"
            case .mergePatch: "patch"
            case .delete: "delete"
            }
        event.action = event.actionVerb
        return event
    }

    /// The name of the one entity that the command is about, as far as it says so.
    private var name: String? {
        switch operation {
        case .create(let document): document["name"]?.stringValue
        case .replace(let name, _, _), .mergePatch(let name, _, _), .delete(let name, _): name
        case .bulk: nil
        }
    }
}

/// The state that a write asks for, as its `If-Match` and `If-None-Match` headers say.
package struct WriteCondition: Sendable, Hashable {
    package let ifMatch: EntityTagCondition?
    package let ifNoneMatch: EntityTagCondition?

    /// No condition.
    package static let none = WriteCondition()

    /// Takes the parsed headers.
    package init(ifMatch: EntityTagCondition? = nil, ifNoneMatch: EntityTagCondition? = nil) {
        self.ifMatch = ifMatch
        self.ifNoneMatch = ifNoneMatch
    }

    /// Throws `.preconditionFailed` unless the present state fits; nil stands for absence.
    func check(_ tag: EntityTag?) throws(RequestError) {
        if let ifMatch, !ifMatch.matches(tag) {
            throw RequestError(
                .preconditionFailed, "the entity is not in the state that If-Match names")
        }
        if let ifNoneMatch, ifNoneMatch.matches(tag) {
            throw RequestError(
                .preconditionFailed, "the entity is in a state that If-None-Match excludes")
        }
    }
}

/// One document of a bulk write.
package struct BulkItem: Sendable, Hashable {
    /// The entity's name, where it is given beside the document.
    package let name: String?
    package let document: JSONValue

    /// Pairs a name with a document.
    package init(name: String? = nil, document: JSONValue) {
        self.name = name
        self.document = document
    }
}
