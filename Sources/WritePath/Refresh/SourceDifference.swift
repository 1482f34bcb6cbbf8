import CatalogModel
import Postgres

/// The entities of a source as parallel arrays for `unnest`.
struct EntityBatch: Sendable {
    private var kinds: [String] = []
    private var names: [String] = []
    private var docs: [String] = []

    init(_ entities: [LoadedEntity]) {
        kinds.reserveCapacity(entities.count)
        names.reserveCapacity(entities.count)
        docs.reserveCapacity(entities.count)
        for entity in entities {
            kinds.append(entity.kind)
            names.append(entity.name)
            docs.append(JSONValue.object(entity.doc).encodedText)
        }
    }

    private init() {}

    var count: Int { names.count }

    /// Kinds, names and documents.
    var parameters: [Parameter] { [.textArray(kinds), .textArray(names), .textArray(docs)] }

    /// The entities at these places.
    func selecting(_ indices: [Int]) -> EntityBatch {
        var batch = EntityBatch()
        for index in indices {
            batch.kinds.append(kinds[index])
            batch.names.append(names[index])
            batch.docs.append(docs[index])
        }
        return batch
    }
}

/// What must be written so that a source's rows equal what it holds.
struct SourceDifference: Sendable {
    /// Tells one content of a source's rows from another: their number and the XOR of their digests.
    struct Fingerprint: Sendable, Equatable {
        let count: Int64
        let digest: Int64

        init(_ rows: Rows, row: Int) throws(PostgresError) {
            count = try rows.int64(row, 1)
            digest = try rows.int64(row, 4)
        }
    }

    /// Places in the batch.
    private(set) var inserted: [Int] = []
    private(set) var updated: [Int] = []
    private(set) var removed: [(kind: String, name: String)] = []
    let fingerprint: Fingerprint

    /// Reads the answer to the comparison.
    init(_ rows: Rows) throws(PostgresError) {
        var found: Fingerprint?
        for row in 0..<rows.count {
            switch try rows.string(row, 0) {
            case "state": found = try Fingerprint(rows, row: row)
            case "insert": inserted.append(Int(try rows.int64(row, 1)) - 1)
            case "update": updated.append(Int(try rows.int64(row, 1)) - 1)
            default: removed.append((try rows.string(row, 2), try rows.string(row, 3)))
            }
        }
        guard let found else { throw PostgresError(.decoding, "a comparison has no fingerprint") }
        fingerprint = found
    }

    var isEmpty: Bool { inserted.isEmpty && updated.isEmpty && removed.isEmpty }

    var removedParameters: [Parameter] {
        [.textArray(removed.map(\.kind)), .textArray(removed.map(\.name))]
    }
}
