package import CatalogModel
import LMDB

/// The outcome of a read of the cache.
package enum CacheRead<Value: Sendable>: Sendable {
    /// Answered from one snapshot of the cache.
    case hit(Value, CacheStamp)
    /// The cache does not hold the collection.
    case cold
}

/// Which state of the namespace an answer shows.
package struct CacheStamp: Sendable, Hashable {
    package let epoch: Epoch
    /// The namespace's revision that the snapshot had.
    package let revision: Revision
    /// The namespace's digest there: the same revision of another history has another one.
    package let digest: UInt64
    /// The collection's own newest revision and digest; they name a list's content.
    package let collectionRevision: Revision
    package let collectionDigest: UInt64
    package let entityCount: Int
}

/// One entity as a get answers it.
package struct EntityAnswer: Sendable, Hashable {
    package let source: String
    package let revision: Revision
    package let digest: UInt64
    package let body: [UInt8]
    /// Only where they were asked for.
    package var artifacts: [Artifact] = []
}

extension NamespaceCache {
    /// Finds one entity by name; nil inside a hit means that there is none.
    ///
    /// Without a source the one that comes first in `precedence` answers. One cursor seek.
    package func entity(
        named name: String, source: String?, of kind: KindTable.Entry,
        precedence: SourcePrecedence, withArtifacts: Bool = false
    ) throws(ReadError) -> CacheRead<EntityAnswer?> {
        try answering { () throws(ReadError) in
            try self.find(
                name, source: source, of: kind, precedence: precedence,
                withArtifacts: withArtifacts)
        }
    }

    private func find(
        _ name: String, source: String?, of kind: KindTable.Entry,
        precedence: SourcePrecedence, withArtifacts: Bool
    ) throws(ReadError) -> CacheRead<EntityAnswer?> {
        try environment.read(throwing: ReadError.self) { transaction throws(ReadError) in
            guard let stamp = try self.stamp(of: kind, in: transaction)?.stamp else { return .cold }
            let prefix = StoreLayout.namePrefix(
                kind.number, nameKey: SortKey.nameKey(name))
            var choice = EntityChoice(
                name: name, source: source, kind: kind, precedence: precedence)
            choice.keepsArtifacts = withArtifacts
            let table = self.tables(of: kind).entities
            try transaction.withCursor(in: table, throwing: ReadError.self) {
                cursor throws(ReadError) in
                try cursor.forEach(withPrefix: prefix, descending: false) {
                    value throws(ReadError) in
                    try choice.consider(value)
                    return true
                }
            }
            return .hit(choice.answer, stamp)
        }
    }

    /// The stamp and state of a loaded collection, or nil when it cannot answer.
    func stamp(
        of kind: KindTable.Entry, in transaction: borrowing ReadTransaction
    ) throws(ReadError) -> (stamp: CacheStamp, state: CollectionState)? {
        guard let header = try header(in: transaction),
            let state = try state(of: kind, in: transaction), state.phase == .loaded
        else { return nil }
        let stamp = CacheStamp(
            epoch: header.epoch, revision: header.revision, digest: header.digest,
            collectionRevision: state.revision, collectionDigest: state.digest,
            entityCount: state.entityCount)
        return (stamp, state)
    }
}

/// Picks the entity that answers a get among those of one name.
struct EntityChoice {
    private let name: String
    private let source: String?
    private let kind: KindTable.Entry
    private let precedence: SourcePrecedence
    private let view: RecordView
    /// Whether the answer holds the artifacts of the entity's document.
    var keepsArtifacts = false
    private(set) var answer: EntityAnswer?

    init(name: String, source: String?, kind: KindTable.Entry, precedence: SourcePrecedence) {
        self.name = name
        self.source = source
        self.kind = kind
        self.precedence = precedence
        view = RecordView(kind: kind)
    }

    /// Looks at one encoded record whose name folds like the one that is sought.
    mutating func consider(_ record: borrowing Span<UInt8>) throws(ReadError) {
        try view.load(record)
        // Bytes, because texts that look alike are equal as strings and yet different names.
        guard view.name.utf8.elementsEqual(name.utf8) else { return }
        let candidate = view.source
        if let source, !source.utf8.elementsEqual(candidate.utf8) { return }
        if let answer,
            !precedence.precedes(candidate, answer.source, plugin: kind.plugin.name)
        {
            return
        }
        answer = EntityAnswer(
            source: candidate, revision: view.revision, digest: view.digest,
            body: Array(view.body), artifacts: keepsArtifacts ? view.artifactList() : [])
    }
}
