import Testing

@testable import WritePath

@Suite("The queue of writes of one namespace")
struct WriteQueueTests {
    private let now = ContinuousClock.now

    private func entry(
        _ id: Int, _ keys: Set<String>? = nil, bytes: Int = 1, isAlone: Bool = false,
        age: Duration = .zero
    ) -> WriteQueue<Int>.Entry {
        .init(
            id: id, keys: keys ?? ["\(id)"], bytes: bytes, isAlone: isAlone, arrived: now - age)
    }

    private func queue(_ entries: [WriteQueue<Int>.Entry]) -> WriteQueue<Int> {
        var queue = WriteQueue<Int>(
            limits: .init(groupWrites: 3, groupBytes: 10, waitingWrites: 5, wait: .seconds(1)))
        for entry in entries { _ = queue.join(entry) }
        return queue
    }

    /// The groups until nothing is left.
    private func groups(_ entries: [WriteQueue<Int>.Entry]) -> [[Int]] {
        var queue = queue(entries)
        var groups: [[Int]] = []
        while case let group = queue.start(now: now).group, !group.isEmpty { groups.append(group) }
        #expect(!queue.isUnderWay)
        return groups
    }

    @Test func theFirstBeginsAndLaterOnesWaitUntilNothingIsUnderWay() {
        var queue = queue([])
        #expect(queue.join(entry(1)) == .begin)
        #expect(queue.join(entry(2)) == .wait)
        #expect(queue.start(now: now).group == [1, 2])
        #expect(queue.join(entry(3)) == .wait)
        #expect(queue.start(now: now).group == [3])
        #expect(queue.start(now: now).group == [])
        #expect(queue.join(entry(4)) == .begin)
    }

    @Test func groupsAreBoundedInNumberAndBytes() {
        #expect(groups([entry(1), entry(2), entry(3), entry(4)]) == [[1, 2, 3], [4]])
        #expect(groups([entry(1, bytes: 6), entry(2, bytes: 6)]) == [[1], [2]])
        #expect(groups([entry(1, bytes: 60), entry(2, bytes: 60)]) == [[1], [2]])
    }

    @Test func writesOfOneEntityNeverShareAGroupAndKeepTheirOrder() {
        #expect(
            groups([entry(1, ["a"]), entry(2, ["a"]), entry(3, ["b"]), entry(4, ["a"])])
                == [[1, 3], [2], [4]])
        // 3 shares nothing with 1, but must not overtake 2.
        #expect(
            groups([entry(1, ["k"]), entry(2, ["k", "b"]), entry(3, ["b"])]) == [[1], [2], [3]])
    }

    @Test func whatNeedsATransactionOfItsOwnIsNotOvertaken() {
        #expect(
            groups([entry(1), entry(2, isAlone: true), entry(3), entry(4)]) == [[1], [2], [3, 4]])
    }

    @Test func aFullQueueRefuses() {
        var queue = queue((0..<5).map { entry($0) })
        #expect(queue.join(entry(5)) == .refuse)
        _ = queue.start(now: now)
        #expect(queue.join(entry(5)) == .wait)
        #expect(queue.waitingCount == 3)
    }

    @Test func aWriteCanLeaveWhileItWaits() {
        var queue = queue([entry(1), entry(2)])
        let left = queue.leave(1)
        #expect(left)
        #expect(queue.start(now: now).group == [2])
        let leftLate = queue.leave(2)
        #expect(!leftLate)
    }

    @Test func aWriteThatHasWaitedTooLongIsGivenBack() {
        var queue = queue([entry(1, age: .seconds(2)), entry(2)])
        let (group, expired) = queue.start(now: now)
        #expect(group == [2])
        #expect(expired == [1])
    }

    @Test func aQueueOfExpiredWritesIsStillUnderWayUntilItIsEmpty() {
        var queue = queue([entry(1, age: .seconds(2))])
        #expect(queue.start(now: now).expired == [1])
        #expect(queue.isUnderWay)
        #expect(queue.start(now: now).group == [])
        #expect(!queue.isUnderWay)
    }
}
