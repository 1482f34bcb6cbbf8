import CatalogModel
import Postgres

/// The plan of a write to one entity; conditions are judged while the namespace is held.
struct EntityPlan: WritePlan {
    private enum Action {
        case create(EntityDraft)
        case replace(EntityDraft, WriteCondition)
        case mergePatch(JSONValue, WriteCondition)
        case delete(WriteCondition)
    }

    private let rows: EntityRows
    private let name: String
    private let action: Action
    private let event: AuditEvent?

    /// Checks everything that needs no database; takes any command but a bulk one.
    init(
        _ command: EntityCommand, namespace: Namespace, event: AuditEvent?
    ) throws(RequestError) {
        let kind = command.kind
        rows = EntityRows(namespace: namespace, plugin: command.plugin.name, kind: kind)
        switch command.operation {
        case .create(let value):
            let draft = try EntityDraft(value, name: nil, kind: kind)
            (name, action) = (draft.name, .create(draft))
        case .replace(let name, let value, let condition):
            let draft = try EntityDraft(value, name: name, kind: kind)
            (self.name, action) = (name, .replace(draft, condition))
        case .mergePatch(let name, let patch, let condition):
            guard patch.objectValue != nil else {
                throw .badRequest("a merge patch must be a JSON object")
            }
            try EntityPlan.checkExisting(name, kind)
            (self.name, action) = (name, .mergePatch(patch, condition))
        case .delete(let name, let condition):
            try EntityPlan.checkExisting(name, kind)
            (self.name, action) = (name, .delete(condition))
        case .bulk:
            preconditionFailure("a bulk write has a plan of its own")
        }
        self.event = event
    }

    /// A name that cannot be stored cannot exist.
    private static func checkExisting(
        _ name: String, _ kind: KindDefinition
    ) throws(RequestError) {
        if EntityName.objection(to: name) != nil { throw notFound(name, kind) }
    }

    private static func notFound(_ name: String, _ kind: KindDefinition) -> RequestError {
        .notFound("\(kind.notFoundNoun) \"\(name)\" not found")
    }

    /// The entity that the write is about.
    var key: EntityKey { rows.key(name) }

    /// The statements on the entity's collection.
    var collection: EntityRows { rows }

    /// The size of what the write brings along; costs its encoding.
    var bytes: Int {
        switch action {
        case .create(let draft), .replace(let draft, _):
            JSONValue.object(draft.document).encoded.count
        case .mergePatch(let patch, _): patch.encoded.count
        case .delete: 0
        }
    }

    var reads: [Query] { [rows.read(name)] }

    func decide(_ answers: [Rows], on connection: Connection) async throws -> WriteDeed {
        let present = answers[0].isEmpty ? nil : try rows.entity(answers[0], 0)
        guard let change = try change(of: present) else {
            let query = elsewhere
            throw try absence(await connection.query(query.statement, query.parameters))
        }
        let record = record(of: change).map {
            AuditWriter.statement($0.event, describing: $0.key)
        }
        return WriteDeed(
            writes: [query(for: change)], records: record.map { [$0] } ?? []
        ) { [rows] answers, head in
            let written = answers[0].isEmpty ? nil : try rows.entity(answers[0], 0)
            return try change.answer(written, head)
        }
    }

    /// What the write does to the present state; nil when there is nothing that it could change.
    func change(of present: WrittenEntity?) throws(RequestError) -> EntityChange? {
        switch action {
        case .create(let draft):
            guard present == nil else {
                throw .conflict("\(rows.kind.notFoundNoun) \"\(name)\" already exists")
            }
            return .insert(draft)
        case .replace(let draft, let condition):
            try condition.check(present?.tag)
            guard let present else { return .insert(draft) }
            return .update(present, try draft.carryingHiddenFields(of: present))
        case .mergePatch(let patch, let condition):
            guard let present else { return nil }
            try condition.check(present.tag)
            let merged = JSONMergePatch.apply(patch, to: .object(try present.document()))
            return .update(present, try patched(merged))
        case .delete(let condition):
            guard let present else { return nil }
            try condition.check(present.tag)
            return .delete(present)
        }
    }

    /// A patch may repeat the name but neither change nor remove it.
    private func patched(_ merged: JSONValue) throws(RequestError) -> EntityDraft {
        guard merged["name"]?.stringValue == name else {
            throw .badRequest("the name \"\(name)\" cannot be changed by a patch")
        }
        return try EntityDraft(merged, name: name, kind: rows.kind)
    }

    /// Asks which other source has the entity; `absence` reads the answer.
    var elsewhere: Query { rows.otherSource(name) }

    /// Why there is nothing to change: another source has the entity, or nobody.
    func absence(_ found: Rows) throws(PostgresError) -> RequestError {
        guard !found.isEmpty else { return EntityPlan.notFound(name, rows.kind) }
        return .conflict(
            "\(rows.kind.notFoundNoun) \"\(name)\" belongs to source "
                + "\"\(try found.string(0, 0))\"; only entities of source "
                + "\"\(EntityCommand.source)\" can be written")
    }
}

extension EntityPlan {
    /// The statement that carries out a change alone.
    func query(for change: EntityChange) -> Query {
        switch change {
        case .insert(let draft): rows.insert(name, draft.document)
        case .update(_, let draft): rows.update(name, draft.document)
        case .delete: rows.delete(name)
        }
    }

    /// The audit event of a change, and the entity whose new state it describes, unless that is gone.
    func record(of change: EntityChange) -> (event: AuditEvent, key: EntityKey?)? {
        guard var event else { return nil }
        event.resourceIDs = [name]
        event.statusCode = change.status.rawValue
        event.oldValue = change.present?.auditValue
        return (event, change.isDeletion ? nil : key)
    }
}
