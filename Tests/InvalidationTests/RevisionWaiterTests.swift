import CatalogModel
import Invalidation
import Testing

@Suite("Waiting for a revision")
struct RevisionWaiterTests {
    private let waiter = RevisionWaiter()
    private let namespace = Namespace.default
    private let epoch = Epoch("0f8fad5b-d9cb-469f-a165-70867728950e")
    private let other = Epoch("ffffffff-d9cb-469f-a165-70867728950e")

    private func head(_ revision: UInt64, _ epoch: Epoch) -> NamespaceHead {
        NamespaceHead(
            namespace: namespace, epoch: epoch, revision: Revision(revision), digest: 0)
    }

    private func wait(
        _ revision: UInt64, history: String? = nil, timeout: Duration = .seconds(20)
    ) async -> Bool {
        await waiter.wait(
            for: Revision(revision), in: namespace, history: history, timeout: timeout)
    }

    @Test func endsAtOnceForWhatIsThere() async {
        waiter.reached(head(5, epoch))
        #expect(await wait(5))
        #expect(await wait(4, history: epoch.prefix))
    }

    @Test func endsWhenTheRevisionArrives() async {
        waiter.reached(head(5, epoch))
        async let seventh = wait(7)
        async let sixth = wait(6, history: epoch.prefix)
        for revision in 6...7 as ClosedRange<UInt64> { waiter.reached(head(revision, epoch)) }
        #expect(await sixth)
        #expect(await seventh)
    }

    @Test func endsInVainAfterTheTimeout() async {
        waiter.reached(head(5, epoch))
        for _ in 0..<100 {
            #expect(await !wait(6, timeout: .zero))
            #expect(await !wait(6, timeout: .microseconds(50)))
        }
    }

    @Test func takesNoOtherHistoryForIt() async {
        waiter.reached(head(9, other))
        #expect(await !wait(5, history: epoch.prefix, timeout: .milliseconds(1)))
        async let own = wait(5, history: epoch.prefix)
        waiter.reached(head(9, other))
        waiter.reached(head(5, epoch))
        #expect(await own)
    }

    @Test func takesAHistoryThatGoesOnForIt() async {
        waiter.reached(
            NamespaceHead(
                namespace: namespace, epoch: other, revision: Revision(9), digest: 0,
                lineage: Lineage("\(other) \(epoch):5")))
        #expect(await wait(5, history: epoch.prefix))
        #expect(await wait(9, history: other.prefix))
        // Lost, although the number is there.
        #expect(await !wait(6, history: epoch.prefix, timeout: .milliseconds(1)))
    }

    @Test func endsInVainWhenTheNamespaceGoes() async {
        await withTaskGroup(of: Bool.self) { group in
            for _ in 0..<10 { group.addTask { await self.wait(6) } }
            var answers = 0
            // A waiter that comes after the first call needs another one.
            while answers < 10 {
                waiter.forget(namespace)
                group.addTask {
                    await Task.yield()
                    return true
                }
                if await group.next() == false { answers += 1 }
            }
            group.cancelAll()
        }
    }

    @Test func isBoundedInNumber() async {
        await withTaskGroup(of: Bool.self) { group in
            for _ in 0...FeedLimits.maxWaiters { group.addTask { await self.wait(6) } }
            // Exactly one is over the limit; it is told at once.
            #expect(await group.next() == false)
            waiter.reached(head(6, epoch))
            var reached = 0
            for await answer in group where answer { reached += 1 }
            #expect(reached == FeedLimits.maxWaiters)
        }
    }
}
