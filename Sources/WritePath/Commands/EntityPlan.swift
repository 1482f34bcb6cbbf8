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

    var reads: [Query] { [rows.read(name)] }

    func decide(_ answers: [Rows], on connection: Connection) async throws -> WriteDeed {
        let present = answers[0].isEmpty ? nil : try rows.entity(answers[0], 0)
        switch action {
        case .create(let draft):
            guard present == nil else {
                throw RequestError.conflict("\(rows.kind.notFoundNoun) \"\(name)\" already exists")
            }
            return insert(draft.document)
        case .replace(let draft, let condition):
            try condition.check(present?.tag)
            guard let present else { return insert(draft.document) }
            return update(present, try draft.carryingHiddenFields(of: present).document)
        case .mergePatch(let patch, let condition):
            guard let present else { throw try await absence(on: connection) }
            try condition.check(present.tag)
            let merged = JSONMergePatch.apply(patch, to: .object(try present.document()))
            let draft = try patched(merged)
            return update(present, draft.document)
        case .delete(let condition):
            guard let present else { throw try await absence(on: connection) }
            try condition.check(present.tag)
            return delete(present)
        }
    }

    /// A patch may repeat the name but neither change nor remove it.
    private func patched(_ merged: JSONValue) throws(RequestError) -> EntityDraft {
        guard merged["name"]?.stringValue == name else {
            throw .badRequest("the name \"\(name)\" cannot be changed by a patch")
        }
        return try EntityDraft(merged, name: name, kind: rows.kind)
    }

    /// Why there is nothing to change: another source has the entity, or nobody.
    private func absence(on connection: Connection) async throws(PostgresError) -> RequestError {
        let query = rows.otherSource(name)
        let found = try await connection.query(query.statement, query.parameters)
        guard !found.isEmpty else { return EntityPlan.notFound(name, rows.kind) }
        return .conflict(
            "\(rows.kind.notFoundNoun) \"\(name)\" belongs to source "
                + "\"\(try found.string(0, 0))\"; only entities of source "
                + "\"\(EntityCommand.source)\" can be written")
    }
}

extension EntityPlan {
    private func insert(_ document: JSONObject) -> WriteDeed {
        WriteDeed(
            writes: [rows.insert(name, document)],
            records: records(old: nil, status: .created, isGone: false)
        ) { [rows] answers, head in
            let written = try rows.entity(answers[0], 0)
            return WriteResponse(
                status: .created, body: try written.body(), tag: written.tag,
                location: written.location, head: head, changed: true)
        }
    }

    private func update(_ present: WrittenEntity, _ document: JSONObject) -> WriteDeed {
        WriteDeed(
            writes: [rows.update(name, document)],
            records: records(old: present, status: .ok, isGone: false)
        ) { [rows] answers, head in
            let changed = !answers[0].isEmpty
            let written = changed ? try rows.entity(answers[0], 0) : present
            return WriteResponse(
                status: .ok, body: try written.body(), tag: written.tag, head: head,
                changed: changed)
        }
    }

    private func delete(_ present: WrittenEntity) -> WriteDeed {
        WriteDeed(
            writes: [rows.delete(name)],
            records: records(old: present, status: .noContent, isGone: true)
        ) { answers, head in
            WriteResponse(status: .noContent, head: head, changed: !answers[0].isEmpty)
        }
    }

    private func records(
        old: WrittenEntity?, status: WriteResponse.Status, isGone: Bool
    ) -> [Query] {
        guard var event else { return [] }
        event.resourceIDs = [name]
        event.statusCode = status.rawValue
        event.oldValue = old?.auditValue
        return [
            isGone
                ? AuditWriter.statement(event)
                : AuditWriter.statement(event, describing: rows.key(name))
        ]
    }
}
