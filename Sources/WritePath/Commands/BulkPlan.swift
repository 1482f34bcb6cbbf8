import CatalogModel
import Postgres

/// The plan of a bulk write: every sound item is created or replaced, in one transaction.
struct BulkPlan: WritePlan {
    /// An item before the database is asked.
    private enum Item {
        case draft(EntityDraft)
        case refused(name: String?, RequestError)
    }

    /// An item after its place among the writes is known.
    fileprivate enum Outcome {
        case created(name: String)
        case replaced(WrittenEntity)
        case refused(name: String?, RequestError)
    }

    private let rows: EntityRows
    private let items: [Item]
    private let event: AuditEvent?

    /// Checks each item; throws `.badRequest` only for too many.
    init(
        _ items: [BulkItem], plugin: PluginDefinition, kind: KindDefinition,
        namespace: Namespace, event: AuditEvent?
    ) throws(RequestError) {
        guard items.count <= WriteLimits.bulkItems else {
            throw .badRequest("a bulk write may have at most \(WriteLimits.bulkItems) items")
        }
        rows = EntityRows(namespace: namespace, plugin: plugin.name, kind: kind)
        self.event = event
        var seen: Set<String> = []
        self.items = items.map { item in
            do throws(RequestError) {
                let draft = try EntityDraft(item.document, name: item.name, kind: kind)
                guard seen.insert(draft.name).inserted else {
                    throw .badRequest("the name \"\(draft.name)\" occurs more than once")
                }
                return .draft(draft)
            } catch {
                return .refused(name: item.name ?? item.document["name"]?.stringValue, error)
            }
        }
    }

    private var drafts: [EntityDraft] {
        items.compactMap { if case .draft(let draft) = $0 { draft } else { nil } }
    }

    var reads: [Query] { [rows.read(drafts.map(\.name))] }

    func decide(_ answers: [Rows], on connection: Connection) async throws -> WriteDeed {
        let present = try entities(answers[0])
        var creations: [EntityDraft] = []
        var replacements: [EntityDraft] = []
        let outcomes = items.map { item -> Outcome in
            switch item {
            case .refused(let name, let error): return .refused(name: name, error)
            case .draft(let draft):
                guard let old = present[draft.name] else {
                    creations.append(draft)
                    return .created(name: draft.name)
                }
                do throws(RequestError) {
                    replacements.append(try draft.carryingHiddenFields(of: old))
                    return .replaced(old)
                } catch {
                    return .refused(name: draft.name, error)
                }
            }
        }
        var writes: [Query] = []
        if !creations.isEmpty { writes.append(rows.insert(creations)) }
        if !replacements.isEmpty { writes.append(rows.update(replacements)) }
        return WriteDeed(writes: writes, records: records(outcomes)) { answers, head in
            try answer(outcomes, answers, head)
        }
    }

    private func entities(_ answer: Rows) throws(PostgresError) -> [String: WrittenEntity] {
        var found: [String: WrittenEntity] = [:]
        for row in 0..<answer.count {
            let entity = try rows.entity(answer, row)
            found[entity.entity.key.name] = entity
        }
        return found
    }

    private func answer(
        _ outcomes: [Outcome], _ answers: [Rows], _ head: NamespaceHead
    ) throws -> WriteResponse {
        var written: [String: WrittenEntity] = [:]
        for rows in answers { written.merge(try entities(rows)) { first, _ in first } }
        let results = outcomes.map { BulkPlan.result($0, written) }
        let failed = outcomes.filter(\.isRefused).count
        let body: JSONValue = [
            "items": .array(results), "size": .int(outcomes.count), "failed": .int(failed),
        ]
        return WriteResponse(
            status: .ok, body: body.encoded + [UInt8(ascii: "\n")], head: head,
            changed: !written.isEmpty)
    }

    private static func result(
        _ outcome: Outcome, _ written: [String: WrittenEntity]
    ) -> JSONValue {
        switch outcome {
        case .created(let name):
            return result(name, "created", written[name])
        case .replaced(let old):
            let name = old.entity.key.name
            guard let new = written[name] else { return result(name, "unchanged", old) }
            return result(name, "updated", new)
        case .refused(let name, let error):
            var result: JSONObject = ["status": "failed"]
            result["name"] = name.map { .string($0) }
            result["error"] = [
                "code": .string(error.code.rawValue), "message": .string(error.message),
            ]
            return .object(result)
        }
    }

    private static func result(
        _ name: String, _ status: String, _ entity: WrittenEntity?
    ) -> JSONValue {
        var result: JSONObject = ["name": .string(name), "status": .string(status)]
        result["revision"] = entity.map { .int($0.entity.revision.value) }
        result["etag"] = entity.map { .string($0.tag.description) }
        return .object(result)
    }

    private func records(_ outcomes: [Outcome]) -> [Query] {
        guard var event else { return [] }
        let names = outcomes.compactMap(\.writtenName)
        event.resourceIDs = Array(names.prefix(WriteLimits.auditResourceIDs))
        event.statusCode = WriteResponse.Status.ok.rawValue
        event.newValue = [
            "size": .int(outcomes.count), "failed": .int(outcomes.count - names.count),
        ]
        return [AuditWriter.statement(event)]
    }
}

extension BulkPlan.Outcome {
    fileprivate var isRefused: Bool { if case .refused = self { true } else { false } }

    fileprivate var writtenName: String? {
        switch self {
        case .created(let name): name
        case .replaced(let old): old.entity.key.name
        case .refused: nil
        }
    }
}
