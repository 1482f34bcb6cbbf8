import CatalogModel

@testable import Server

/// Replicas that campaign for one Lease object over a network that delays and loses, on a seed.
///
/// The machine and the judgement of leases are those of the server; time is a number.
struct ElectionSimulation {
    /// What a replica has sent and not yet heard about.
    private struct Call {
        let isRenewal: Bool
        let sent: ContinuousClock.Instant
        let until: ContinuousClock.Instant
        let read: ContinuousClock.Instant
        let applied: ContinuousClock.Instant
        let answered: ContinuousClock.Instant
        let isAnswerLost: Bool
        var found: LeaseRecord?
        var hasRead = false
        var outcome: ElectionMachine.Outcome?
    }

    private struct Node {
        var machine: ElectionMachine
        var observation = LeaseObservation()
        var mine: LeaseRecord?
        var call: Call?
        var deadUntil: ContinuousClock.Instant?
        var life = 0
    }

    private struct Late {
        let node: Int
        let isRenewal: Bool
        let at: ContinuousClock.Instant
        let found: LeaseRecord
    }

    private var random: SeededGenerator
    private let timing: ElectionTiming
    private let start = ContinuousClock.now
    private(set) var now: ContinuousClock.Instant
    private var nodes: [Node] = []
    private var lease: LeaseRecord?
    private var version = 0
    private var late: [Late] = []
    /// How often a term began.
    private(set) var terms = 0
    /// The longest time without a leader.
    private(set) var longestGap: Duration = .zero
    private var lastLed: ContinuousClock.Instant

    init(seed: UInt64, replicas: Int, timing: ElectionTiming) {
        random = SeededGenerator(seed: seed)
        self.timing = timing
        now = start
        lastLed = start
        for _ in 0..<replicas {
            nodes.append(Node(machine: ElectionMachine(timing: timing, at: start)))
        }
    }

    /// Replicas that may act as the leader now.
    var leaders: [Int] {
        nodes.indices.filter {
            nodes[$0].deadUntil == nil && nodes[$0].machine.isLeading
                && now < nodes[$0].machine.deadline
        }
    }

    /// Lets a little time pass; `trouble` makes calls slow, lost, and replicas die.
    mutating func tick(trouble: Bool) {
        now += .milliseconds(50)
        for index in nodes.indices.shuffled(using: &random) { advance(index, trouble) }
        let due = late.filter { $0.at <= now }
        late.removeAll { $0.at <= now }
        for call in due {
            _ = apply(node: call.node, isRenewal: call.isRenewal, found: call.found)
        }
        if !leaders.isEmpty { lastLed = now }
        longestGap = max(longestGap, lastLed.duration(to: now))
    }

    /// Begins to count the time without a leader anew.
    mutating func forgetGap() {
        longestGap = .zero
        lastLed = now
    }

    private mutating func advance(_ index: Int, _ trouble: Bool) {
        if let until = nodes[index].deadUntil {
            guard now >= until else { return }
            let life = nodes[index].life + 1
            nodes[index] = Node(machine: ElectionMachine(timing: timing, at: now), life: life)
        } else if trouble, random.next() % 600 == 0 {
            nodes[index].deadUntil = now + .milliseconds(random.next() % 30_000)
            nodes[index].call = nil
            return
        }
        if nodes[index].call != nil { return progress(index) }
        switch nodes[index].machine.step(at: now) {
        case .attempt(let until): send(index, isRenewal: false, until, trouble)
        case .renew(let until): send(index, isRenewal: true, until, trouble)
        case .stepDown: stepDown(index)
        case .wait: break
        }
    }

    private mutating func send(
        _ index: Int, isRenewal: Bool, _ until: ContinuousClock.Instant, _ trouble: Bool
    ) {
        let slowest: UInt64 = trouble && random.next() % 4 == 0 ? 15_000 : 300
        func pause() -> Duration { .milliseconds(random.next() % slowest) }
        let read = now + pause()
        let applied = read + pause()
        nodes[index].call = Call(
            isRenewal: isRenewal, sent: now, until: until, read: read, applied: applied,
            answered: applied + pause(), isAnswerLost: trouble && random.next() % 8 == 0)
    }

    private mutating func progress(_ index: Int) {
        guard var call = nodes[index].call else { return }
        if now >= call.until {
            // The caller gives up; what it sent may still arrive.
            if call.outcome == nil, call.hasRead, let found = call.found {
                late.append(
                    Late(node: index, isRenewal: call.isRenewal, at: call.applied, found: found))
            }
            return finish(index, .failed("no answer in time"), call)
        }
        if !call.hasRead, now >= call.read {
            call.hasRead = true
            call.found = call.isRenewal ? nodes[index].mine : lease
            if !call.isRenewal, let found = call.found,
                !nodes[index].observation.isFree(found, at: now, standard: timing.lease)
            {
                return finish(index, .refused("held"), call)
            }
        }
        if call.outcome == nil, call.hasRead, now >= call.applied {
            call.outcome = apply(node: index, isRenewal: call.isRenewal, found: call.found)
        }
        nodes[index].call = call
        guard let outcome = call.outcome, now >= call.answered else { return }
        finish(index, call.isAnswerLost ? .failed("lost") : outcome, call)
    }

    /// The store's side: a change counts if the version is the one that was read.
    private mutating func apply(
        node: Int, isRenewal: Bool, found: LeaseRecord?
    ) -> ElectionMachine.Outcome {
        guard lease?.version == found?.version else { return .refused("conflict") }
        version += 1
        let base = found ?? LeaseRecord.new(name: "l", namespace: "n")
        // The writer's clock is off by hours; nobody may rely on it.
        let clock = Timestamp(ms: Int64(random.next() % 100_000_000))
        let changed =
            isRenewal
            ? base.renewed(at: clock)
            : base.taken(by: "\(node)", at: clock, timing.lease)
        let stored = LeaseRecord(
            JSONMergePatch.apply(
                ["metadata": ["resourceVersion": .string("\(version)")]], to: changed.object))
        lease = stored
        nodes[node].mine = stored
        return .held
    }

    private mutating func finish(
        _ index: Int, _ outcome: ElectionMachine.Outcome, _ call: Call
    ) {
        nodes[index].call = nil
        switch nodes[index].machine.ended(outcome, sentAt: call.sent, at: now) {
        case .acquired: terms += 1
        case .lost: stepDown(index)
        case nil: break
        }
    }

    private mutating func stepDown(_ index: Int) {
        nodes[index].machine.stepDown(at: now)
        nodes[index].mine = nil
    }
}
