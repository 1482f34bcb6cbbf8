import CatalogModel
import Invalidation
import Testing

@Suite("The ring of a namespace's newest revisions")
struct ChangeRingTests {
    private static let epoch = Epoch("11111111-1111-4111-8111-111111111111")
    private static let other = Epoch("22222222-2222-4222-8222-222222222222")

    private func revision(
        _ number: UInt64, changes: Int = 1, bytes: Int? = nil, digest: UInt64? = nil
    ) -> LoggedRevision {
        LoggedRevision(
            revision: Revision(number), digest: digest ?? number * 10,
            changes: (0..<changes).map { index in
                LoggedChange(
                    key: EntityKey(
                        plugin: "mcp", kind: "McpServer", source: "api", name: "n\(index)"),
                    isDelete: false, version: 1,
                    document: bytes.map { [UInt8](repeating: 120, count: $0) })
            })
    }

    private func page(
        after: UInt64, _ revisions: [LoggedRevision], epoch: Epoch = epoch,
        digestBefore: UInt64?? = .none
    ) -> LogPage {
        let last = revisions.last?.revision ?? Revision(after)
        return LogPage(
            head: NamespaceHead(
                namespace: .default, epoch: epoch, revision: last,
                digest: revisions.last?.digest ?? after * 10),
            floor: .zero, after: Revision(after), digestBefore: digestBefore ?? after * 10,
            revisions: revisions)
    }

    private func cursor(
        _ number: UInt64, epoch: Epoch? = epoch, digest: UInt64?? = .none
    ) -> ChangeCursor {
        ChangeCursor(
            epoch: epoch, revision: Revision(number),
            digest: epoch == nil ? nil : digest ?? number * 10)
    }

    private func numbers(_ answer: ChangeRing.Answer) -> [UInt64]? {
        guard case .revisions(let revisions, let next) = answer else { return nil }
        #expect(next.revision == revisions.last?.revision)
        #expect(next.digest == revisions.last?.digest)
        return revisions.map(\.revision.value)
    }

    private func add(_ page: LogPage, to ring: inout ChangeRing) -> Bool { ring.add(page) }

    @Test("gives what follows each of its places, in order")
    func reads() {
        var ring = ChangeRing(page(after: 5, [revision(6), revision(7)]))
        #expect(add(page(after: 7, [revision(8)]), to: &ring))
        #expect(ring.end == cursor(8))
        for start in UInt64(5)...7 {
            let expected = Array((start + 1)...8)
            #expect(numbers(ring.read(after: cursor(start), limit: 100)) == expected)
            #expect(numbers(ring.read(after: cursor(start, epoch: nil), limit: 100)) == expected)
        }
        #expect(ring.read(after: cursor(8), limit: 100) == .atEnd(cursor(8)))
        #expect(ring.read(after: cursor(8, epoch: nil), limit: 100) == .atEnd(cursor(8)))
    }

    @Test("leaves places to the log that it does not have, or that are of another history")
    func elsewhere() {
        let ring = ChangeRing(page(after: 5, [revision(6)]))
        for place in [
            cursor(4), cursor(7), cursor(0, epoch: nil), cursor(6, epoch: Self.other),
            cursor(5, digest: 51), cursor(6, digest: 61),
        ] {
            #expect(ring.read(after: place, limit: 100) == .elsewhere, "\(place)")
        }
        // A digest that is not known on either side contradicts nothing.
        let blind = ChangeRing(page(after: 5, [revision(6)], digestBefore: .some(nil)))
        #expect(numbers(blind.read(after: cursor(5, digest: 51), limit: 100)) == [6])
        #expect(numbers(ring.read(after: cursor(5, digest: .some(nil)), limit: 100)) == [6])
    }

    @Test("takes over only what continues it")
    func continuation() {
        let start = ChangeRing(page(after: 5, [revision(6)]))
        for wrong in [
            page(after: 7, [revision(8)]), page(after: 5, [revision(6)]),
            page(after: 6, [revision(7)], epoch: Self.other),
            page(after: 6, [revision(7)], digestBefore: 61),
        ] {
            var ring = start
            #expect(!add(wrong, to: &ring))
            #expect(ring.end == cursor(6), "unchanged")
            #expect(numbers(ring.read(after: cursor(5), limit: 100)) == [6])
        }
        var ring = start
        #expect(add(page(after: 6, []), to: &ring))
        #expect(ring.read(after: cursor(6), limit: 100) == .atEnd(cursor(6)))
    }

    @Test("answers by whole revisions, at least one and otherwise within the limit")
    func limit() {
        let ring = ChangeRing(
            page(after: 0, [revision(1, changes: 5), revision(2), revision(3), revision(4)]))
        #expect(numbers(ring.read(after: cursor(0), limit: 1)) == [1], "too large, but whole")
        #expect(numbers(ring.read(after: cursor(0), limit: 6)) == [1, 2])
        #expect(numbers(ring.read(after: cursor(1), limit: 2)) == [2, 3])
        #expect(numbers(ring.read(after: cursor(1), limit: 3)) == [2, 3, 4])
        // A revision without changes counts as one: there may be any number of them.
        let empty = ChangeRing(page(after: 0, (1...4).map { revision($0, changes: 0) }))
        #expect(numbers(empty.read(after: cursor(0), limit: 2)) == [1, 2])
    }

    @Test("drops the oldest whole revisions beyond its bounds")
    func bounds() {
        let half = FeedLimits.maxRingChanges / 2
        var ring = ChangeRing(page(after: 0, [revision(1, changes: half)]))
        #expect(add(page(after: 1, [revision(2, changes: half)]), to: &ring))
        #expect(numbers(ring.read(after: cursor(0), limit: .max)) == [1, 2])
        #expect(add(page(after: 2, [revision(3)]), to: &ring))
        #expect(ring.read(after: cursor(0), limit: .max) == .elsewhere)
        #expect(ring.read(after: cursor(1, digest: 11), limit: .max) == .elsewhere)
        #expect(numbers(ring.read(after: cursor(1), limit: .max)) == [2, 3])

        var documents = ChangeRing(
            page(after: 0, [revision(1, bytes: FeedLimits.maxRingBytes), revision(2, bytes: 0)]))
        #expect(numbers(documents.read(after: cursor(0), limit: .max)) == [1, 2])
        #expect(add(page(after: 2, [revision(3, bytes: 1)]), to: &documents))
        #expect(documents.read(after: cursor(0), limit: .max) == .elsewhere)
        #expect(numbers(documents.read(after: cursor(1), limit: .max)) == [2, 3])

        // One that is too large alone leaves an empty ring, which still knows where it is.
        let large = ChangeRing(page(after: 0, [revision(1, changes: 2 * half + 1)]))
        #expect(large.read(after: cursor(0), limit: .max) == .elsewhere)
        #expect(large.read(after: cursor(1), limit: .max) == .atEnd(cursor(1)))
    }

    @Test("tells from every place what the log says, however it was filled", arguments: 0..<20)
    func random(seed: Int) {
        var random = SeededGenerator(seed: UInt64(seed))
        var log: [LoggedRevision] = []
        var ring: ChangeRing?
        for _ in 0..<60 {
            let first = UInt64(log.count)
            let new = (0..<Int.random(in: 0...4, using: &random)).map { offset in
                revision(
                    first + 1 + UInt64(offset), changes: Int.random(in: 0...900, using: &random))
            }
            log += new
            let next = page(after: first, new)
            if ring == nil {
                ring = ChangeRing(next)
            } else {
                let isAdded = ring?.add(next)
                #expect(isAdded == true)
            }
            let place = UInt64.random(in: 0...UInt64(log.count), using: &random)
            let limit = Int.random(in: 1...2_000, using: &random)
            switch ring?.read(after: cursor(place), limit: limit) {
            case .atEnd(let end): #expect(end == cursor(UInt64(log.count)))
            case .revisions(let revisions, let next):
                #expect(revisions == Array(log[Int(place)...].prefix(revisions.count)))
                #expect(next == cursor(place + UInt64(revisions.count)))
                let changes = revisions.reduce(0) { $0 + max(1, $1.changes.count) }
                #expect(changes <= limit || revisions.count == 1)
            case .elsewhere:
                let behind = log[Int(place)...].reduce(0) { $0 + max(1, $1.changes.count) }
                #expect(behind > FeedLimits.maxRingChanges, "it had room for it")
            case nil: Issue.record("no ring")
            }
        }
    }
}
