import CatalogModel
import Postgres

/// What a write has decided to do to its entity.
enum EntityChange {
    case insert(EntityDraft)
    case update(WrittenEntity, EntityDraft)
    case delete(WrittenEntity)

    /// The state before.
    var present: WrittenEntity? {
        switch self {
        case .insert: nil
        case .update(let present, _), .delete(let present): present
        }
    }

    var isDeletion: Bool { if case .delete = self { true } else { false } }

    var status: WriteResponse.Status {
        switch self {
        case .insert: .created
        case .update: .ok
        case .delete: .noContent
        }
    }

    /// The answer, from the row that the statement returned; an update without one changed nothing.
    func answer(_ written: WrittenEntity?, _ head: NamespaceHead) throws -> WriteResponse {
        switch self {
        case .insert:
            guard let written else {
                throw PostgresError(.decoding, "an insertion returned no row")
            }
            return WriteResponse(
                status: status, body: try written.body(), tag: written.tag,
                location: written.location, head: head, changed: true)
        case .update(let present, _):
            let entity = written ?? present
            return WriteResponse(
                status: status, body: try entity.body(), tag: entity.tag, head: head,
                changed: written != nil)
        case .delete:
            return WriteResponse(status: status, head: head, changed: written != nil)
        }
    }
}
