package import CatalogModel
import LMDB

/// Finds entities and pages of one namespace for a hit: by bytes, in place, without allocating.
///
/// What the header and the states of collections say is kept with the number of the snapshot that
/// said it, so that they are decoded once after each change. Not for use on several threads.
package final class HitReader {
    /// What a search came to.
    package enum Outcome: Sendable, Hashable {
        /// The entity was handed over.
        case found
        /// Nothing here can be said without the slow way: not loaded, absent, or not unique.
        case declined
    }

    /// The state of a collection in the snapshot that was last read.
    private enum Answerable {
        case unknown, yes, no
    }

    /// The cache that is read.
    package let cache: NamespaceCache
    /// The namespace's revision in the snapshot that was last read.
    package private(set) var revision = Revision.zero
    /// The epoch's text in that snapshot.
    package private(set) var epoch: [UInt8] = []
    /// Changes with the snapshot; equal numbers mean equal `revision` and `epoch`.
    package private(set) var snapshotID = -1
    private var isTrusted = false
    private var collections: [Answerable]
    /// What the answerable collections show in that snapshot.
    private var stamps: [PageStamp?]

    /// Creates a reader of an open cache.
    package init(cache: NamespaceCache) {
        self.cache = cache
        collections = Array(repeating: .unknown, count: cache.kinds.entries.count)
        stamps = Array(repeating: nil, count: cache.kinds.entries.count)
    }

    /// Whether the cache answers at all; false for good once it was closed.
    package var isOpen: Bool { !cache.isSuspended }

    /// Hands the one entity of a name over; the body is valid inside the closure only.
    ///
    /// `name` is ASCII. An empty `source` means any; where several have an entity of the name, the
    /// call is declined, though the first one has been handed over. One cursor seek, and one step
    /// without a source; nothing is allocated after the first calls.
    @available(*, noasync)
    package func find(
        named name: Span<UInt8>, source: Span<UInt8>, of kind: KindTable.Entry,
        _ answer: (EntityTag, Span<UInt8>) -> Void
    ) -> Outcome {
        guard !cache.isSuspended else { return .declined }
        cache.noteUse()
        let key = HitKey(kind.number, name: name)
        do throws(StorageError) {
            return try cache.environment.read { transaction throws(StorageError) in
                guard try self.canAnswer(kind, in: transaction) else { return .declined }
                return try transaction.withKeptCursor(
                    in: self.cache.tables(of: kind).entities
                ) {
                    cursor throws(StorageError) in
                    try Self.search(&cursor, key.bytes.rawBytes, name, source, answer)
                }
            }
        } catch {
            // A cache may be closed to make room; the slow way finds out more.
            return .declined
        }
    }

    /// The rendered page that a target, path and query as sent, led to, if it is still the answer.
    ///
    /// One look-up among the pages and a read transaction; nothing is allocated once the snapshot
    /// is known. Who asks has been let in before.
    @available(*, noasync)
    package func page(forTarget target: Span<UInt8>) -> RenderedPage? {
        guard !cache.isSuspended, let page = cache.pages.page(forTarget: target) else { return nil }
        cache.noteUse()
        do throws(StorageError) {
            return try cache.environment.read { transaction throws(StorageError) in
                guard try self.canAnswer(page.kind, in: transaction),
                    self.stamps[Int(page.kind.number)] == page.stamp
                else { return nil }
                return page
            }
        } catch {
            return nil
        }
    }

    private static func search(
        _ cursor: inout Cursor, _ prefix: RawSpan, _ name: Span<UInt8>, _ source: Span<UInt8>,
        _ answer: (EntityTag, Span<UInt8>) -> Void
    ) throws(StorageError) -> Outcome {
        var outcome = Outcome.declined
        var hasEntry = try cursor.seek(toPrefix: prefix)
        while hasEntry {
            switch consider(cursor.value, name, source, outcome, answer) {
            case .found:
                outcome = .found
                // Name and source are the whole identity.
                if !source.isEmpty { return .found }
            case .another: break
            case .unusable: return .declined
            }
            guard try cursor.next() else { break }
            hasEntry = cursor.keyHasPrefix(prefix)
        }
        return outcome
    }

    /// What one record of the sought name's range is.
    private enum Match {
        case found, another, unusable
    }

    private static func consider(
        _ value: RawSpan, _ name: Span<UInt8>, _ source: Span<UInt8>, _ outcome: Outcome,
        _ answer: (EntityTag, Span<UInt8>) -> Void
    ) -> Match {
        let record = HitRecord(Span<UInt8>(_bytes: value))
        guard record.isWhole else { return .unusable }
        guard record.isNamed(name), source.isEmpty || record.isFrom(source) else { return .another }
        guard outcome == .declined else { return .unusable }
        answer(record.tag, record.body)
        return .found
    }

    /// Whether the snapshot holds the collection; decodes what says so when the snapshot is new.
    private func canAnswer(
        _ kind: KindTable.Entry, in transaction: borrowing ReadTransaction
    ) throws(StorageError) -> Bool {
        if transaction.snapshotID != snapshotID {
            snapshotID = transaction.snapshotID
            for number in collections.indices { collections[number] = .unknown }
            let header = try? cache.header(in: transaction)
            isTrusted = header != nil
            revision = header?.revision ?? .zero
            epoch = Array((header?.epoch.text ?? "").utf8)
        }
        guard isTrusted else { return false }
        let number = Int(kind.number)
        if collections[number] == .unknown {
            let found = try? cache.stamp(of: kind, in: transaction)
            collections[number] = found == nil ? .no : .yes
            stamps[number] = found.map { PageStamp($0.stamp) }
        }
        return collections[number] == .yes
    }
}
