import CatalogModel
import Testing

@testable import Invalidation

@Suite("Rebuilds")
struct RebuildQueueTests {
    private let start = ContinuousClock.now

    private func ticket(_ number: UInt64) -> FeedMachine.Ticket {
        FeedMachine.Ticket(number: number)
    }

    private func rebuild(_ number: UInt64) throws -> FeedMachine.Action {
        .rebuild(
            try Namespace("n\(number)"), .epochChanged, ticket: ticket(number))
    }

    /// Takes the next turn; nil means to wait, or that nothing is left.
    private func next(
        _ queue: inout RebuildQueue, _ ms: Int, first: String = ""
    ) -> FeedMachine.Action? {
        let turn = queue.next(at: start + .milliseconds(ms)) { $0.name == first ? 1 : 0 }
        guard case .rebuild(let action) = turn else { return nil }
        return action
    }

    @Test("go one by one after a burst, what is read first")
    func paced() throws {
        var queue = RebuildQueue()
        for number in 1...30 {
            let mayGo = queue.enter(try rebuild(UInt64(number)), ticket(UInt64(number)))
            #expect(!mayGo)
        }
        let pacing = [queue.beginPacing(), queue.beginPacing()]
        #expect(pacing == [true, false])
        let favourite = next(&queue, 0, first: "n20")
        #expect(try favourite == rebuild(20))
        let mayGo = queue.enter(try rebuild(20), ticket(20))
        #expect(mayGo)
        queue.began(ticket(20))
        for number in 1..<FeedLimits.rebuildBurst {
            let action = next(&queue, 0)
            #expect(try action == rebuild(UInt64(number)))
        }
        let early = next(&queue, 49)
        #expect(early == nil)
        let due = next(&queue, 50)
        #expect(try due == rebuild(UInt64(FeedLimits.rebuildBurst)))
        let tooSoon = next(&queue, 60)
        #expect(tooSoon == nil)
    }

    @Test("end their pacing when none is left")
    func done() throws {
        var queue = RebuildQueue()
        _ = queue.enter(try rebuild(1), ticket(1))
        _ = queue.beginPacing()
        let actions = [next(&queue, 0), next(&queue, 0)]
        #expect(try actions == [rebuild(1), nil])
        #expect(!queue.isPaced)
    }
}
