package import CatalogModel

/// The lines in which one replica tells another what its feed told it.
///
/// Each line is a JSON array whose first element says what it is. Documents are strings, because
/// digests are taken over their exact bytes; digests are hex digits. A read ends by a line `end` or
/// `error`: one that breaks off before is no answer.
package enum FeedWire {
    /// What a line says.
    package enum Line: Sendable {
        case change(Change)
        case collection(CollectionHead)
        case head(NamespaceHead)
        case revision(LoggedRevision)
        /// How the read ended, with what only the end tells.
        case end(End)
    }

    /// The last line of a read.
    package enum End: Sendable {
        case batch(after: Revision, behindMs: Int64)
        case tooFar
        case unknownNamespace
        case copied(hasHead: Bool)
        case page(floor: Revision, after: Revision, digestBefore: UInt64?)
        case belowFloor(Revision)
        case failed(FeedError)
    }

    // MARK: Writing

    package static func append(_ line: Line, to bytes: inout [UInt8]) {
        JSONWriter.append(.array(elements(of: line)), to: &bytes)
        bytes.append(UInt8(ascii: "\n"))
    }

    private static func elements(of line: Line) -> [JSONValue] {
        switch line {
        case .change(.put(let entity)): ["put"] + key(entity.key) + columns(of: entity)
        case .change(.delete(let key)): ["delete"] + self.key(key)
        case .collection(let head):
            [
                "collection", .string(head.plugin), .string(head.kind),
                .int(head.revision.value), digest(head.digest), .int(head.entityCount),
            ]
        case .head(let head):
            [
                "head", .string(head.namespace.name), .string(head.epoch.text),
                .int(head.revision.value), digest(head.digest), .string(head.lineage.text),
            ]
        case .revision(let revision):
            [
                "revision", .int(revision.revision.value), digest(revision.digest),
                .array(revision.changes.map { .array(logged($0)) }),
            ]
        case .end(let end): elements(of: end)
        }
    }

    private static func elements(of end: End) -> [JSONValue] {
        switch end {
        case .batch(let after, let behindMs):
            ["end", "batch", .int(after.value), .int(behindMs)]
        case .tooFar: ["end", "tooFar"]
        case .unknownNamespace: ["end", "unknown"]
        case .copied(let hasHead): ["end", "copied", .bool(hasHead)]
        case .page(let floor, let after, let digestBefore):
            [
                "end", "page", .int(floor.value), .int(after.value),
                digestBefore.map { digest($0) } ?? .null,
            ]
        case .belowFloor(let floor): ["end", "belowFloor", .int(floor.value)]
        case .failed(let error):
            ["end", "error", .string(error.code.description), .string(error.message)]
        }
    }

    private static func key(_ key: EntityKey) -> [JSONValue] {
        [key.plugin, key.kind, key.source, key.name].map { .string($0) }
    }

    private static func columns(of entity: StoredEntity) -> [JSONValue] {
        [
            .int(entity.id), .int(entity.version), .int(entity.revision.value),
            .int(entity.createdAtMs), .int(entity.updatedAtMs),
            .string(String(decoding: entity.doc, as: UTF8.self)),
        ]
    }

    private static func logged(_ change: LoggedChange) -> [JSONValue] {
        key(change.key) + [
            .bool(change.isDelete), change.version.map { .int($0) } ?? .null,
            change.document.map { .string(String(decoding: $0, as: UTF8.self)) } ?? .null,
        ]
    }

    private static func digest(_ digest: UInt64) -> JSONValue {
        .string(ContentDigest.text(of: digest))
    }
}
