import Testing

@testable import Server

@Suite struct `The election machine` {
    private let start = ContinuousClock.now
    private let timing = ElectionTiming()

    private func at(_ seconds: Double) -> ContinuousClock.Instant {
        start + .milliseconds(Int64((seconds * 1_000).rounded()))
    }

    /// A machine that became the leader at second 0.
    private func leader() -> ElectionMachine {
        var machine = ElectionMachine(timing: timing, at: start)
        #expect(machine.ended(.held, sentAt: start, at: at(0.1)) == .acquired)
        return machine
    }

    @Test func `campaigns at once and then after each pause`() {
        var machine = ElectionMachine(timing: timing, at: start)
        #expect(machine.step(at: start) == .attempt(until: at(10)))
        #expect(machine.ended(.refused("x"), sentAt: start, at: at(1)) == nil)
        #expect(machine.step(at: at(1)) == .wait(until: at(3)))
        #expect(machine.step(at: at(3)) == .attempt(until: at(13)))
        #expect(machine.ended(.failed("x"), sentAt: at(3), at: at(4)) == nil)
        #expect(machine.step(at: at(5.9)) == .wait(until: at(6)))
    }

    @Test func `renews after each pause, counting from when it sent`() {
        var machine = leader()
        #expect(machine.step(at: at(0.1)) == .wait(until: at(2.1)))
        #expect(machine.step(at: at(2.1)) == .renew(until: at(10)))
        #expect(machine.ended(.held, sentAt: at(2.1), at: at(9)) == nil)
        #expect(machine.deadline == at(12.1))
        #expect(machine.step(at: at(11)) == .renew(until: at(12.1)))
    }

    @Test func `steps down when nothing was confirmed in time`() {
        var machine = leader()
        #expect(machine.ended(.failed("x"), sentAt: at(2.1), at: at(4)) == nil)
        #expect(machine.isLeading)
        #expect(machine.step(at: at(9.9)) == .renew(until: at(10)))
        #expect(machine.step(at: at(10)) == .stepDown)
        #expect(machine.ended(.failed("late"), sentAt: at(9.9), at: at(10)) == .lost("late"))
        #expect(!machine.isLeading)
        #expect(machine.step(at: at(12)) == .attempt(until: at(22)))
    }

    @Test func `steps down at once when somebody else leads, and campaigns again`() {
        var machine = leader()
        #expect(machine.ended(.refused("other"), sentAt: at(2.1), at: at(3)) == .lost("other"))
        #expect(machine.step(at: at(5)) == .attempt(until: at(15)))
        #expect(machine.ended(.held, sentAt: at(5), at: at(6)) == .acquired)
    }

    @Test func `a confirmation that comes too late is none`() {
        var follower = ElectionMachine(timing: timing, at: start)
        #expect(follower.ended(.held, sentAt: start, at: at(10)) == nil)
        #expect(!follower.isLeading)
        var machine = leader()
        let change = machine.ended(.held, sentAt: at(2), at: at(12))
        #expect(change == .lost("the confirmation came too late"))
    }

    @Test func `times out of order are not sound`() {
        func timing(_ lease: Int, _ renew: Int, _ retry: Int) -> ElectionTiming {
            ElectionTiming(
                lease: .seconds(lease), renewDeadline: .seconds(renew), retry: .seconds(retry))
        }
        #expect(timing(15, 10, 2).isSound)
        for (lease, renew, retry) in [(10, 10, 2), (15, 2, 2), (2, 10, 15), (15, 10, 0)] {
            #expect(!timing(lease, renew, retry).isSound)
        }
    }
}
