import Testing

@testable import Postgres

@Suite struct `The pool's decisions` {
    private let now = ContinuousClock.now
    private let down = PostgresError(.connectFailed, "down")

    @Test func `connections are opened on demand up to the size`() {
        var machine = PoolMachine(size: 2)
        let waiters = (0..<3).map { _ in machine.acquire() }
        #expect(waiters.map(\.actions) == [[.open], [.open], []])
        let first = machine.opened()
        #expect(first.actions == [.grant(waiters[0].waiter, first.connection)])
        let second = machine.opened()
        #expect(second.actions == [.grant(waiters[1].waiter, second.connection)])
        let handed: [PoolMachine.Action] = [.grant(waiters[2].waiter, first.connection)]
        let actions1 = machine.released(first.connection)
        #expect(actions1 == handed)
        let actions2 = machine.released(first.connection)
        #expect(actions2 == [])
        #expect(machine.idle == [first.connection])
        machine.checkInvariants()
    }

    @Test func `waiters are bounded`() {
        var machine = PoolMachine(size: 1, waitersMax: 1)
        _ = machine.acquire()
        let (waiter, actions) = machine.acquire()
        #expect(actions == [.fail(waiter, PostgresError(.poolExhausted, ""))])
    }

    @Test func `while the server is down callers fail at once and one attempt is made a time`() {
        var machine = PoolMachine(size: 4)
        let first = machine.acquire()
        let failed = machine.openFailed(down, now: now, jitter: 1)
        #expect(failed == [.fail(first.waiter, down), .retry(at: now + .milliseconds(50))])
        let second = machine.acquire()
        #expect(second.actions == [.fail(second.waiter, down)])
        let actions3 = machine.retryIsDue()
        #expect(actions3 == [.open])
        let third = machine.acquire()
        #expect(third.actions == [])
        let again = machine.openFailed(down, now: now, jitter: 0.5)
        #expect(again == [.fail(third.waiter, down), .retry(at: now + .milliseconds(50))])
        let actions4 = machine.retryIsDue()
        #expect(actions4 == [.open])
        let fourth = machine.acquire()
        let fifth = machine.acquire()
        let opened = machine.opened()
        #expect(opened.actions == [.grant(fourth.waiter, opened.connection), .open])
        machine.abandon(fifth.waiter)
        let unneeded = machine.opened()
        #expect(unneeded.actions == [])
        machine.checkInvariants()
    }

    @Test func `shutting down closes the idle, fails the waiting and takes in the leased`() {
        var machine = PoolMachine(size: 2)
        _ = machine.acquire()
        let leased = machine.opened().connection
        _ = machine.acquire()
        let idle = machine.opened().connection
        let actions5 = machine.released(idle)
        #expect(actions5 == [])
        let actions6 = machine.shutDown()
        #expect(actions6 == [.close(idle)])
        let late = machine.acquire()
        #expect(late.actions == [.fail(late.waiter, PostgresError(.poolClosed, ""))])
        let actions7 = machine.released(leased)
        #expect(actions7 == [.close(leased)])
        #expect(machine.open == 0)
    }

    @Test func `delays grow to two seconds and no further`() {
        #expect(Backoff.delay(failures: 1, jitter: 1) == .milliseconds(50))
        #expect(Backoff.delay(failures: 3, jitter: 0.5) == .milliseconds(100))
        #expect(Backoff.delay(failures: 60, jitter: 1) == .seconds(2))
        #expect(Backoff.delay(failures: 60, jitter: 0) == .zero)
    }

    @Test(arguments: UInt64(1)...50)
    func `no order of events breaks the rules or forgets a waiter`(seed: UInt64) {
        var random = Seeded(state: seed)
        var machine = PoolMachine(size: 3, waitersMax: 5)
        var world = World()
        for _ in 0..<500 {
            world.step(&machine, &random)
            machine.checkInvariants()
        }
        world.finish(&machine)
        #expect(world.waiting.isEmpty)
        #expect(machine.open + machine.opening == world.leased.count)
    }
}

/// What a pool's surroundings may do, in any order.
private struct World {
    var waiting: Set<Int> = []
    var leased: [Int] = []
    var opening = 0
    var retries = 0

    mutating func note(_ actions: [PoolMachine.Action]) {
        for action in actions {
            switch action {
            case .open: opening += 1
            case .retry: retries += 1
            case .close: break
            case .fail(let waiter, _): waiting.remove(waiter)
            case .grant(let waiter, let connection):
                waiting.remove(waiter)
                leased.append(connection)
            }
        }
    }

    mutating func step(_ machine: inout PoolMachine, _ random: inout Seeded) {
        switch random.next() % 7 {
        case 0, 1:
            let (waiter, actions) = machine.acquire()
            waiting.insert(waiter)
            note(actions)
        case 2 where !leased.isEmpty:
            note(machine.released(leased.removeFirst()))
        case 3 where !leased.isEmpty:
            note(machine.discarded(leased.removeFirst()))
        case 4 where opening > 0:
            opening -= 1
            note(machine.opened().actions)
        case 5 where opening > 0:
            opening -= 1
            let error = PostgresError(.connectFailed, "down")
            note(machine.openFailed(error, now: .now, jitter: 0.5))
        case 6 where retries > 0:
            retries -= 1
            note(machine.retryIsDue())
        default:
            if let idle = machine.idle.first { note(machine.discarded(idle)) }
        }
    }

    /// Lets everything under way end, after which nobody may be left waiting.
    mutating func finish(_ machine: inout PoolMachine) {
        while opening > 0 || retries > 0 || (!waiting.isEmpty && !leased.isEmpty) {
            if opening > 0 {
                opening -= 1
                note(machine.opened().actions)
            } else if retries > 0 {
                retries -= 1
                note(machine.retryIsDue())
            } else {
                note(machine.released(leased.removeFirst()))
            }
        }
        while let idle = machine.idle.first { note(machine.discarded(idle)) }
    }
}

/// SplitMix64: the same seed gives the same run.
private struct Seeded {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var value = state
        value = (value ^ (value >> 30)) &* 0xbf58_476d_1ce4_e5b9
        value = (value ^ (value >> 27)) &* 0x94d0_49bb_1331_11eb
        return value ^ (value >> 31)
    }
}
