import CatalogModel
import Foundation
import Invalidation
import Synchronization
import TestSupport
import Testing

/// What every feed has to keep, held against each of them.
@Suite("Every change feed", .timeLimit(.minutes(3)), .manyTurns)
struct FeedConformanceTests {
    typealias Kind = FeedSite.Kind

    // MARK: Heads

    @Test("tells the heads of the namespaces that exist", arguments: Kind.allCases)
    func heads(_ kind: Kind) async throws {
        let site = try await FeedSite.shared(kind)
        let (one, two) = (try site.namespace(), try site.namespace())
        let unknown = try site.namespace()
        for round in 1...5 {
            try await site.put(1...3, "round \(round)", in: one)
            try await site.settle(one)
        }
        try await site.put(1...1, in: two)
        try await site.settle(two)
        let read = try await site.feed.readHeads(of: [one, unknown, two])
        #expect(read.heads.map(\.namespace).sorted() == [one, two].sorted())
        #expect(read.pending.isEmpty)
        for head in read.heads { #expect(try await site.head(head.namespace) == head) }
        #expect(try await site.feed.heads(of: []).isEmpty)
    }

    // MARK: Ranges

    @Test("gives the present rows of what changed after a revision", arguments: Kind.allCases)
    func ranges(_ kind: Kind) async throws {
        let site = try await FeedSite.shared(kind)
        let namespace = try site.namespace()
        try await site.put(1...4, in: namespace)
        try await site.put(2...3, "again", in: namespace)
        try await site.delete("server-3", in: namespace)
        let head = try await site.settle(namespace)
        #expect(head.revision == Revision(3))
        let rows = try await site.rows(namespace)
        let all = try await batch(site, namespace, after: 0)
        #expect(all.head == head && all.after == .zero)
        #expect(
            Set(all.changes.map(\.key.name)) == ["server-1", "server-2", "server-3", "server-4"])
        #expect(Set(all.changes.compactMap(\.entity)) == rows)
        #expect(all.changes.count == 4)
        #expect(
            all.collections == [
                CollectionHead(
                    plugin: "mcp", kind: "McpServer", revision: head.revision,
                    digest: head.digest, entityCount: 3)
            ])
        let later = try await batch(site, namespace, after: 2)
        #expect(later.head == head)
        #expect(
            later.changes == [.delete(try #require(all.changes.first { $0.entity == nil }).key)])
        for after in [UInt64(3), 8] {
            let none = try await batch(site, namespace, after: after)
            #expect(none.head == head && none.changes.isEmpty && none.after == Revision(after))
        }
    }

    private func batch(
        _ site: FeedSite, _ namespace: Namespace, after: UInt64,
        _ location: SourceLocation = #_sourceLocation
    ) async throws -> ChangeBatch {
        let read = try await site.feed.changes(in: namespace, after: Revision(after))
        guard case .batch(let batch) = read else {
            Issue.record("\(read)", sourceLocation: location)
            throw CancellationError()
        }
        return batch
    }

    private func logPage(
        _ site: FeedSite, _ namespace: Namespace, after: Revision,
        _ location: SourceLocation = #_sourceLocation
    ) async throws -> LogPage {
        let read = try await site.feed.log(in: namespace, after: after)
        guard case .page(let page) = read else {
            Issue.record("\(read)", sourceLocation: location)
            throw CancellationError()
        }
        return page
    }

    @Test("says that a range below the floor is too far, with the head", arguments: Kind.allCases)
    func belowFloor(_ kind: Kind) async throws {
        let site = try await FeedSite.shared(kind)
        let namespace = try site.namespace()
        for round in 1...6 { try await site.put(1...2, "round \(round)", in: namespace) }
        try await site.trim(namespace, through: 4)
        let head = try await site.settle(namespace)
        for after in UInt64(0)...3 {
            let range = try await site.feed.changes(in: namespace, after: Revision(after))
            guard case .tooFar(head) = range else {
                Issue.record("\(range)")
                return
            }
            let log = try await site.feed.log(in: namespace, after: Revision(after))
            guard case .belowFloor(head, floor: Revision(4)) = log else {
                Issue.record("\(log)")
                return
            }
        }
        #expect(try await batch(site, namespace, after: 4).changes.count == 2)
        let page = try await logPage(site, namespace, after: Revision(4))
        #expect(page.revisions.map(\.revision.value) == [5, 6])
        #expect(page.floor == Revision(4))
    }

    @Test("knows nothing of a namespace that does not exist", arguments: Kind.allCases)
    func unknown(_ kind: Kind) async throws {
        let site = try await FeedSite.shared(kind)
        let namespace = try site.namespace()
        let range = try await site.feed.changes(in: namespace, after: .zero)
        guard case .unknownNamespace = range else {
            Issue.record("\(range)")
            return
        }
        let log = try await site.feed.log(in: namespace, after: .zero)
        guard case .unknownNamespace = log else {
            Issue.record("\(log)")
            return
        }
        let copy = try await site.feed.copy(.servers, in: namespace) { rows in
            #expect(rows.isEmpty)
        }
        #expect(copy.head == nil && copy.collection == nil)
        // Once it is there it is told of.
        try await site.put(1...1, in: namespace)
        try await site.settle(namespace)
        #expect(try await batch(site, namespace, after: 0).changes.count == 1)
    }

    // MARK: The log

    @Test("tells the log as it was written, with what is still current", arguments: Kind.allCases)
    func log(_ kind: Kind) async throws {
        let site = try await FeedSite.shared(kind)
        let namespace = try site.namespace()
        try await site.put(1...2, "first", in: namespace)
        try await site.put(2...2, "second", in: namespace)
        try await site.delete("server-1", in: namespace)
        let head = try await site.settle(namespace)
        let page = try await logPage(site, namespace, after: .zero)
        #expect(page.head == head && page.after == .zero && page.isDense)
        let told = page.revisions.map { revision in
            revision.changes.map { change in
                let document = change.document.map { String(decoding: $0, as: UTF8.self) }
                return
                    "\(change.key.name) \(change.isDelete) \(change.version ?? 0) \(document ?? "")"
            }
        }
        #expect(
            told == [
                ["server-1 false 0 ", "server-2 false 0 "],
                [#"server-2 false 2 {"name":"server-2","description":"second"}"#],
                ["server-1 true 0 "],
            ])
        #expect(page.revisions.last?.digest == head.digest)
        // From within, it begins with the digest of the place.
        let rest = try await logPage(site, namespace, after: Revision(2))
        #expect(rest.revisions == Array(page.revisions.suffix(1)))
        #expect(rest.digestBefore == page.revisions[1].digest)
        let end = try await logPage(site, namespace, after: Revision(3))
        #expect(end.revisions.isEmpty && end.digestBefore == head.digest)
    }

    // MARK: Copies

    @Test("copies every row of a collection once, byte by byte", arguments: Kind.allCases)
    func copies(_ kind: Kind) async throws {
        let site = try await FeedSite.shared(kind)
        let namespace = try site.namespace()
        try await site.put(1...700, "ä \"quoted\" \\\\ text", in: namespace)
        try await site.put(5...9, String(repeating: "long ", count: 40_000), in: namespace)
        let head = try await site.settle(namespace)
        let copied = Mutex<[StoredEntity]>([])
        let snapshot = try await site.feed.copy(.servers, in: namespace) { rows in
            #expect(!rows.isEmpty)
            copied.withLock { $0 += rows }
        }
        #expect(snapshot.head == head)
        #expect(
            snapshot.collection
                == CollectionHead(
                    plugin: "mcp", kind: "McpServer", revision: head.revision,
                    digest: head.digest, entityCount: 700))
        let rows = copied.withLock { $0 }
        #expect(rows.count == 700)
        #expect(Set(rows) == (try await site.rows(namespace)))
        // A collection that has never held anything.
        let empty = CollectionName(plugin: "agents", kind: "Agent")
        let none = try await site.feed.copy(empty, in: namespace) { rows in
            #expect(rows.isEmpty)
        }
        #expect(none.head == head && none.collection == nil)
    }

    @Test("ends a copy with the error of whoever takes the rows", arguments: Kind.allCases)
    func refusedCopy(_ kind: Kind) async throws {
        let site = try await FeedSite.shared(kind)
        let namespace = try site.namespace()
        try await site.put(1...600, in: namespace)
        try await site.settle(namespace)
        let error = await #expect(throws: FeedError.self) {
            try await site.feed.copy(.servers, in: namespace) { _ throws(FeedError) in
                throw FeedError(.overBudget, "no room")
            }
        }
        #expect(error == FeedError(.overBudget, "no room"))
        // The feed is as good as before.
        let count = Mutex(0)
        _ = try await site.feed.copy(.servers, in: namespace) { rows in
            count.withLock { $0 += rows.count }
        }
        #expect(count.withLock { $0 } == 600)
    }

    @Test("says which collection cannot be held by a cache", arguments: Kind.allCases)
    func uncacheable(_ kind: Kind) async throws {
        let site = try await FeedSite.shared(kind)
        let namespace = try site.namespace()
        try await site.put(1...3, in: namespace)
        try await site.run(
            """
            UPDATE entities SET doc = doc
                || jsonb_build_object('description', repeat('x', \(FeedLimits.maxDocumentBytes)))
            WHERE namespace = '\(namespace.name)' AND name = 'server-2'
            """)
        let head = try await site.settle(namespace)
        let error = await #expect(throws: FeedError.self) {
            try await site.feed.copy(.servers, in: namespace) { _ in }
        }
        #expect(error?.code == .uncacheable)
        // Its neighbours are not held up; the digest of the collection shows that one is missing.
        let batch = try await batch(site, namespace, after: 0)
        #expect(batch.head == head)
        #expect(Set(batch.changes.map(\.key.name)) == ["server-1", "server-3"])
        #expect(batch.collections.first?.entityCount == 3)
    }

    // MARK: Another history

    @Test("shows another epoch in heads, ranges, copies and the log", arguments: Kind.allCases)
    func otherEpoch(_ kind: Kind) async throws {
        let site = try await FeedSite.shared(kind)
        let namespace = try site.namespace()
        try await site.put(1...2, in: namespace)
        let before = try await site.settle(namespace)
        try await site.run(
            "UPDATE namespaces SET epoch = gen_random_uuid() WHERE name = '\(namespace.name)'")
        let after = try await site.settle(namespace)
        #expect(after.epoch != before.epoch && after.revision == before.revision)
        #expect(try await batch(site, namespace, after: 0).head == after)
        let copy = try await site.feed.copy(.servers, in: namespace) { _ in }
        #expect(copy.head == after)
        let page = try await logPage(site, namespace, after: .zero)
        #expect(page.head == after)
    }
}

extension Change {
    /// The row that is there now; nil for a deletion.
    var entity: StoredEntity? { if case .put(let entity) = self { entity } else { nil } }
}
