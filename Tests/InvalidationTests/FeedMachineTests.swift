import CatalogModel
import Testing

@testable import Invalidation

@Suite("The feed's decisions")
struct FeedMachineTests {
    private typealias Action = FeedMachine.Action

    private let namespace = Namespace.default
    private let epoch = Epoch("0f8fad5b-d9cb-469f-a165-70867728950e")
    private let other = Epoch("ffffffff-d9cb-469f-a165-70867728950e")
    private let start = ContinuousClock.now

    private func time(_ milliseconds: Int) -> ContinuousClock.Instant {
        start + .milliseconds(milliseconds)
    }

    private func head(
        _ revision: UInt64, digest: UInt64? = nil, epoch: Epoch? = nil, sharing: UInt64? = nil
    ) -> NamespaceHead {
        let epoch = epoch ?? self.epoch
        return NamespaceHead(
            namespace: namespace, epoch: epoch, revision: Revision(revision),
            digest: digest ?? revision * 11,
            lineage: sharing.map { Lineage("\(epoch) \(self.epoch):\($0)") } ?? .none)
    }

    private func ticket(_ number: UInt64) -> FeedMachine.Ticket { .init(number: number) }

    private func read(_ after: UInt64, _ number: UInt64) -> Action {
        .readRange(namespace, after: Revision(after), ticket: ticket(number))
    }

    private func copy(_ kind: UInt16, _ number: UInt64) -> Action {
        .copy(namespace, kind: kind, ticket: ticket(number))
    }

    private func rebuild(_ reason: FeedMachine.RebuildReason, _ number: UInt64) -> Action {
        .rebuild(namespace, reason, ticket: ticket(number))
    }

    /// A machine that has applied revision 5 and reads on with ticket 1.
    private func reading() -> FeedMachine {
        var machine = FeedMachine()
        machine.admitted(head(5))
        _ = machine.headsRead([head(6)], asked: [namespace], asOf: time(0))
        return machine
    }

    private func answer(
        _ machine: inout FeedMachine, _ head: NamespaceHead, _ number: UInt64,
        isComplete: Bool = true, at milliseconds: Int = 1
    ) -> [Action] {
        machine.rangeRead(
            head, ticket: ticket(number), isComplete: isComplete, asOf: time(milliseconds))
    }

    // MARK: Heads

    @Test func headsOfTheSameStateProveFreshness() {
        var machine = FeedMachine()
        machine.admitted(head(5))
        #expect(!machine.isCaughtUp)
        #expect(machine.headsRead([head(5)], asked: [namespace], asOf: time(7)).isEmpty)
        #expect(machine.freshAt(namespace) == time(7))
        #expect(machine.isCaughtUp)
        #expect(machine.headsRead([head(5)], asked: [namespace], asOf: time(3)).isEmpty)
        #expect(machine.freshAt(namespace) == time(7), "a late answer takes nothing back")
    }

    @Test("What the primary says against a cache counts if it was asked after the cache was there")
    func contradiction() {
        for (later, reason) in [
            (head(4), FeedMachine.RebuildReason.headWentBack),
            (head(5, digest: 1), .digestChanged), (head(9, epoch: other), .epochChanged),
        ] {
            var machine = FeedMachine()
            machine.admitted(head(5))
            #expect(machine.contradicted(head(5), by: later) == [rebuild(reason, 1)])
            #expect(machine.contradicted(head(5), by: later).isEmpty, "it is under way")
            #expect(machine.freshAt(namespace) == nil)
        }
        var machine = FeedMachine()
        machine.admitted(head(5))
        #expect(machine.contradicted(head(3), by: head(4)).isEmpty, "the cache went on meanwhile")
        #expect(machine.contradicted(head(5), by: head(5)).isEmpty)
        #expect(machine.contradicted(head(7), by: head(6)).isEmpty, "rebuilt meanwhile")
        #expect(machine.contradicted(head(5, epoch: other), by: head(4)).isEmpty)
    }

    @Test func anyOtherHeadIsLookedInto() {
        let heads = [head(6), head(4), head(5, digest: 1), head(5, epoch: other)]
        for head in heads {
            var machine = FeedMachine()
            machine.admitted(self.head(5))
            #expect(
                machine.headsRead([head], asked: [namespace], asOf: time(0)) == [read(5, 1)])
            #expect(machine.freshAt(namespace) == nil)
            #expect(
                machine.headsRead([head], asked: [namespace], asOf: time(1)).isEmpty,
                "one read at a time")
        }
    }

    @Test func aNamespaceThatIsGoneIsForgottenUnlessItCameLater() {
        var machine = FeedMachine()
        machine.admitted(head(5), asOf: time(10))
        #expect(machine.headsRead([], asked: [namespace], asOf: time(9)).isEmpty)
        #expect(
            machine.headsRead([], asked: [namespace], asOf: time(11)) == [.forget(namespace)])
        #expect(!machine.follows(namespace))
        #expect(machine.headsRead([head(5)], asked: [namespace], asOf: time(12)).isEmpty)
        #expect(machine.vanished(namespace).isEmpty)
    }

    @Test func hintsOfUnknownNamespacesAreNothing() throws {
        var machine = FeedMachine()
        let hint = Hint(epoch: epoch, namespace: namespace, revision: Revision(3))
        #expect(machine.hinted(hint).isEmpty)
        #expect(machine.namespaces.isEmpty)
    }

    @Test func hintsOfAnotherHistoryAreLookedInto() {
        var machine = FeedMachine()
        machine.admitted(head(5))
        let hint = Hint(epoch: other, namespace: namespace, revision: Revision(3))
        #expect(machine.hinted(hint) == [read(5, 1)])
        #expect(machine.lag(namespace) == 0)
    }

    // MARK: Ranges

    @Test func aRangeIsAppliedAndProvesWhatWasThereWhenItWasAskedFor() {
        var machine = reading()
        #expect(machine.lag(namespace) == 1)
        #expect(answer(&machine, head(8), 1) == [.apply(namespace, installing: [])])
        #expect(machine.applied(head(8), installed: [], failed: []).isEmpty)
        #expect(machine.applied(namespace) == Revision(8))
        #expect(machine.freshAt(namespace) == time(1))
        #expect(machine.lag(namespace) == 0)
    }

    @Test func aHintDuringAReadAsksForAnother() {
        var machine = reading()
        let hint = Hint(epoch: epoch, namespace: namespace, revision: Revision(9))
        #expect(machine.hinted(hint).isEmpty)
        _ = answer(&machine, head(8), 1)
        #expect(machine.applied(head(8), installed: [], failed: []) == [read(8, 2)])
        #expect(answer(&machine, head(8), 2, at: 5).isEmpty, "nothing new, so nothing to write")
        #expect(machine.freshAt(namespace) == time(5))
    }

    @Test func aReadThatIsNotWaitedForChangesNothing() {
        var machine = reading()
        #expect(answer(&machine, head(8), 7).isEmpty)
        #expect(machine.rangeFailed(namespace, ticket: ticket(7)).isEmpty)
        #expect(machine.isReading(namespace, ticket: ticket(1)))
        #expect(machine.applied(head(9), installed: [], failed: []).isEmpty)
        #expect(machine.applied(namespace) == Revision(5))
    }

    @Test func aRangeOfAnotherStateRebuilds() {
        let cases: [(NamespaceHead, Bool, FeedMachine.RebuildReason)] = [
            (head(9, epoch: other), true, .epochChanged), (head(4), true, .headWentBack),
            (head(5, digest: 1), true, .digestChanged), (head(9), false, .tooFarBehind),
            (head(9, epoch: other), false, .epochChanged),
        ]
        for (head, isComplete, reason) in cases {
            var machine = reading()
            #expect(
                answer(&machine, head, 1, isComplete: isComplete) == [rebuild(reason, 2)])
            #expect(machine.freshAt(namespace) == nil)
        }
    }

    @Test func aRangeThatLaterHeadsContradictIsReadAgain() {
        var machine = reading()
        _ = machine.headsRead([head(5)], asked: [namespace], asOf: time(4))
        #expect(answer(&machine, head(6), 1, at: 3) == [read(5, 2)])
    }

    @Test func whatFailedIsTriedByTheNextPoll() {
        var machine = reading()
        #expect(machine.rangeFailed(namespace, ticket: ticket(1)).isEmpty)
        #expect(machine.retry() == [read(5, 2)])
        #expect(machine.retry().isEmpty)
        _ = answer(&machine, head(6), 2)
        #expect(machine.applyDeferred(namespace).isEmpty)
        #expect(machine.applied(namespace) == Revision(5))
        #expect(machine.retry() == [read(5, 3)])
    }

    // MARK: Rebuilds

    @Test func aRebuildStartsOverAtTheHead() {
        var machine = reading()
        _ = machine.demanded(namespace, kind: 3)
        _ = answer(&machine, head(6), 1)
        #expect(machine.applyFailed(namespace) == [rebuild(.applyFailed, 3)])
        #expect(machine.demanded(namespace, kind: 4).isEmpty, "waits for the rebuild")
        #expect(!machine.isCopying(namespace, kind: 3, ticket: ticket(2)))
        #expect(machine.headsRead([head(5)], asked: [namespace], asOf: time(3)).isEmpty)
        #expect(machine.freshAt(namespace) == nil, "what is thrown away proves nothing")
        let next = machine.rebuilt(head(2), ticket: ticket(3), demanded: [7], asOf: time(4))
        #expect(next == [copy(3, 4), copy(4, 5), copy(7, 6)])
        #expect(machine.applied(namespace) == Revision(2))
        #expect(machine.freshAt(namespace) == time(4))
    }

    @Test func aRebuildThatFailedIsTriedUntilItSucceeds() {
        var machine = reading()
        _ = answer(&machine, head(4), 1)
        #expect(machine.rebuildFailed(namespace, ticket: ticket(2)).isEmpty)
        let hint = Hint(epoch: epoch, namespace: namespace, revision: Revision(9))
        #expect(machine.hinted(hint).isEmpty, "nothing is applied to what is wrong")
        #expect(machine.retry() == [rebuild(.headWentBack, 3)])
        #expect(machine.rebuilt(head(4), ticket: ticket(2), demanded: [], asOf: time(1)).isEmpty)
        #expect(
            machine.rebuilt(head(4), ticket: ticket(3), demanded: [], asOf: time(1))
                == [read(4, 4)], "the hint is newer than the head may be")
    }

    // MARK: Loads

    @Test func aCopyWaitsForTheChangesAfterItsSnapshot() {
        var machine = FeedMachine()
        machine.admitted(head(5))
        #expect(machine.demanded(namespace, kind: 3) == [copy(3, 1)])
        #expect(machine.demanded(namespace, kind: 3).isEmpty, "single flight")
        _ = machine.headsRead([head(6)], asked: [namespace], asOf: time(0))
        // Copied at revision 4, while the range after 5 is read.
        #expect(
            machine.copied(namespace, kind: 3, ticket: ticket(1), at: Revision(4), epoch: epoch)
                .isEmpty)
        #expect(answer(&machine, head(6), 2) == [.apply(namespace, installing: [])])
        #expect(machine.applied(head(6), installed: [], failed: []) == [read(4, 3)])
        #expect(answer(&machine, head(6), 3) == [.apply(namespace, installing: [3])])
        #expect(machine.applied(head(6), installed: [3], failed: []).isEmpty)
        #expect(machine.demanded(namespace, kind: 3) == [copy(3, 4)])
    }

    @Test func aCopyThatIsAheadWaitsForTheRange() {
        var machine = FeedMachine()
        machine.admitted(head(5))
        _ = machine.demanded(namespace, kind: 3)
        #expect(
            machine.copied(namespace, kind: 3, ticket: ticket(1), at: Revision(9), epoch: epoch)
                == [read(5, 2)])
        // The store does not have the state any more from which the rows came.
        #expect(
            answer(&machine, head(7), 2)
                == [copy(3, 3), .apply(namespace, installing: [])])
    }

    @Test func aLogThatIsTooShortForACopyAloneRepeatsTheCopy() {
        var machine = FeedMachine()
        machine.admitted(head(5))
        _ = machine.demanded(namespace, kind: 3)
        _ = machine.copied(namespace, kind: 3, ticket: ticket(1), at: Revision(2), epoch: epoch)
        #expect(
            answer(&machine, head(5), 2, isComplete: false) == [copy(3, 3), read(5, 4)])
    }

    @Test func aCopyOfAnotherHistoryIsRepeatedInTheNewOne() {
        var machine = FeedMachine()
        machine.admitted(head(5))
        _ = machine.demanded(namespace, kind: 3)
        #expect(
            machine.copied(namespace, kind: 3, ticket: ticket(1), at: Revision(5), epoch: other)
                == [read(5, 2)])
        #expect(answer(&machine, head(5, epoch: other), 2) == [rebuild(.epochChanged, 3)])
        let next = machine.rebuilt(
            head(5, epoch: other), ticket: ticket(3), demanded: [], asOf: time(1))
        #expect(next == [copy(3, 4)])
    }

    // MARK: A history that goes on from the one that the cache followed

    @Test func aHistoryThatGoesOnIsAdoptedWithoutARebuild() {
        var machine = reading()
        let next = head(7, epoch: other, sharing: 5)
        #expect(answer(&machine, next, 1) == [.apply(namespace, installing: [])])
        #expect(machine.applied(next, installed: [], failed: []).isEmpty)
        #expect(machine.freshAt(namespace) == time(1))
        // From then on it is the history that the cache follows.
        #expect(machine.headsRead([next], asked: [namespace], asOf: time(2)).isEmpty)
        #expect(machine.headsRead([head(5)], asked: [namespace], asOf: time(3)) == [read(7, 2)])
        #expect(answer(&machine, head(8), 2, at: 3) == [rebuild(.epochChanged, 3)])
    }

    @Test func whatTheNewHistoryDoesNotHaveIsThrownAway() {
        for next in [head(7, epoch: other, sharing: 4), head(7, epoch: other)] {
            var machine = reading()
            #expect(answer(&machine, next, 1) == [rebuild(.epochChanged, 2)])
        }
        var machine = FeedMachine()
        machine.admitted(head(5))
        let lost = machine.contradicted(head(5), by: head(9, epoch: other, sharing: 4))
        #expect(lost == [rebuild(.epochChanged, 1)])
        machine = FeedMachine()
        machine.admitted(head(5))
        #expect(machine.contradicted(head(5), by: head(9, epoch: other, sharing: 5)).isEmpty)
    }

    @Test func aCopyOfWhatTheNewHistoryLostIsRepeated() {
        // Before the range was asked for: copied at 5, which both have, and at 6, which one lost.
        var machine = FeedMachine()
        machine.admitted(head(4))
        _ = machine.demanded(namespace, kind: 3)
        _ = machine.demanded(namespace, kind: 4)
        _ = machine.copied(namespace, kind: 3, ticket: ticket(1), at: Revision(5), epoch: epoch)
        _ = machine.rangeFailed(namespace, ticket: ticket(3))
        _ = machine.copied(namespace, kind: 4, ticket: ticket(2), at: Revision(6), epoch: epoch)
        let next = head(8, epoch: other, sharing: 5)
        #expect(answer(&machine, next, 4) == [copy(4, 5), .apply(namespace, installing: [3])])
        #expect(machine.applied(next, installed: [3], failed: []).isEmpty)
    }

    @Test func aCopyThatArrivesWhileTheHistoryChangesIsRepeated() {
        var machine = FeedMachine()
        machine.admitted(head(5))
        _ = machine.demanded(namespace, kind: 3)
        _ = machine.headsRead([head(6)], asked: [namespace], asOf: time(0))
        let next = head(7, epoch: other, sharing: 5)
        #expect(answer(&machine, next, 2) == [.apply(namespace, installing: [])])
        _ = machine.copied(namespace, kind: 3, ticket: ticket(1), at: Revision(6), epoch: epoch)
        #expect(
            machine.applied(next, installed: [], failed: []) == [copy(3, 3), read(7, 4)])
    }

    @Test func aCollectionWithAWrongDigestIsCopiedOnce() {
        var machine = reading()
        _ = answer(&machine, head(6), 1)
        #expect(machine.applied(head(6), installed: [], failed: [3]) == [copy(3, 2)])
        _ = machine.copied(namespace, kind: 3, ticket: ticket(2), at: Revision(6), epoch: epoch)
        _ = answer(&machine, head(6), 3)
        #expect(
            machine.applied(head(6), installed: [], failed: [3]).isEmpty,
            "the copy is wrong as well: left to the next demand")
        #expect(machine.demanded(namespace, kind: 3) == [copy(3, 4)])
    }

    @Test func aCopyThatFailedMayBeDemandedAgain() {
        var machine = FeedMachine()
        machine.admitted(head(5))
        _ = machine.demanded(namespace, kind: 3)
        #expect(machine.copyFailed(namespace, kind: 3, ticket: ticket(9)).isEmpty)
        #expect(machine.isCopying(namespace, kind: 3, ticket: ticket(1)))
        #expect(machine.copyFailed(namespace, kind: 3, ticket: ticket(1)).isEmpty)
        #expect(machine.demanded(namespace, kind: 3) == [copy(3, 2)])
    }
}
