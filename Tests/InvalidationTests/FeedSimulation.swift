import CatalogModel

@testable import Invalidation

/// One replica, one store and the network between them, in a virtual time, from a seed.
///
/// The network drops, delays, reorders and repeats; the store goes back, trims and forgets; the
/// replica crashes, loses its files and closes caches. The replica's shell is modelled after the
/// real one; its decisions are the real machine's.
struct FeedSimulation {
    /// What a broken shell would do; the simulation has to notice each.
    enum Fault: String, CaseIterable {
        case skipsGap, ignoresEpoch, appliesOldBatchAgain, provesAtAnswer, installsWithoutChanges
        case answersWhileThrownAway, keepsWhatVanished, tearsBatches, provesWhatItTakesOver
        case servesHalfACopy, believesAnEarlierProcess
    }

    /// What happens beside reads and writes, in thousandths of the steps.
    enum Disturbance: Int, CaseIterable {
        case restore = 10
        case promotion = 8
        case trim = 6
        case crash = 5
        case deletion = 4
        case junk = 11
        case eviction = 7
    }

    struct Violation: Error, CustomStringConvertible {
        let description: String
    }

    struct Collection {
        var rows: ModelStore.Content = [:]
        var owner: FeedMachine.Ticket?
        var isLoaded = false
    }

    struct Cache {
        var head: NamespaceHead
        var truth: ModelStore.Truth
        var collections: [UInt16: Collection] = [:]
        var isSuspended = false
    }

    struct Demand: Hashable {
        let namespace: Namespace
        let kind: UInt16
    }

    enum Message {
        case hint(Hint)
        case askHeads([Namespace], asOf: Int)
        case heads([NamespaceHead], asked: [Namespace], asOf: Int)
        case askRange(Namespace, after: Int, FeedMachine.Ticket, asOf: Int)
        case range(Namespace, ModelStore.Answer?, after: Int, FeedMachine.Ticket, asOf: Int)
        case askRebuild(Namespace, FeedMachine.Ticket, asOf: Int)
        case rebuild(Namespace, ModelStore.Answer?, FeedMachine.Ticket, asOf: Int)
        case askCopy(Demand, FeedMachine.Ticket)
        case copy(Demand, FeedMachine.Ticket, ModelStore.Answer?, rest: [Int])
        case askAdmission(Demand, asOf: Int)
        case admission(Demand, ModelStore.Answer?, asOf: Int)

        /// Whether it may arrive twice; the rows of a copy come over one connection.
        var canBeRepeated: Bool {
            switch self {
            case .hint, .heads, .range, .rebuild, .admission: true
            case .askHeads, .askRange, .askRebuild, .askCopy, .copy, .askAdmission: false
            }
        }
    }

    static let namespaces = ["one", "two", "three"].compactMap { try? Namespace($0) }
    private static let origin = ContinuousClock.now

    let fault: Fault?
    /// Whether collections are compared with the store's digests; without, every fault shows.
    let checksDigests: Bool
    var random: SeededGenerator
    var store = ModelStore(Self.namespaces)
    var machine: MutantMachine
    var caches: [Namespace: Cache] = [:]
    var demands: Set<Demand> = []
    var network: [Message] = []
    var now = 1
    var isCalm = false
    var oldBatch: ModelStore.Answer?
    /// Whether the last batch did not get into the cache.
    var isUnwritten = false
    /// The newest history that the replica has heard of by an answer that it believed.
    var contacts: [Namespace: Int] = [:]
    /// How often each disturbance happens: some schedules are full of one and lack another.
    private var rates: [(Disturbance, perThousand: Int)] = []
    /// The newest state that each cache has answered from, whatever became of the cache since.
    private var answered: [Namespace: ModelStore.Truth] = [:]

    init(seed: UInt64, fault: Fault? = nil, mutation: MutantMachine.Mutation? = nil) {
        random = SeededGenerator(seed: seed)
        self.fault = fault
        machine = MutantMachine(mutation)
        checksDigests = fault == nil && seed % 2 == 0
        for disturbance in Disturbance.allCases {
            let factor = [0, 1, 2, 8][Int.random(in: 0...3, using: &random)]
            rates.append((disturbance, factor * disturbance.rawValue))
        }
    }

    static func instant(_ time: Int) -> ContinuousClock.Instant {
        origin + .milliseconds(time)
    }

    func chance(_ percent: Int, _ random: inout SeededGenerator) -> Bool {
        Int.random(in: 0..<100, using: &random) < percent
    }

    mutating func chance(_ percent: Int) -> Bool { chance(percent, &random) }

    // MARK: Schedule

    /// Runs a random schedule, then lets everything settle; throws at the first broken promise.
    mutating func run(steps: Int) throws {
        for _ in 0..<steps {
            now += 1
            try step()
            try check()
        }
        isCalm = true
        for namespace in Self.namespaces where store.records[namespace]?.exists == false {
            if chance(70) { store.toggle(namespace, at: now) }
        }
        for _ in 0..<8 {
            for namespace in Self.namespaces where store.records[namespace]?.exists == true {
                for kind in ModelStore.kinds { read(Demand(namespace: namespace, kind: kind)) }
            }
            now += 1
            poll()
            try drain()
        }
        try checkSettled()
    }

    private mutating func step() throws {
        let namespace = Self.namespaces[Int.random(in: 0..<Self.namespaces.count, using: &random)]
        for (disturbance, rate) in rates
        where Int.random(in: 0..<1_000, using: &random) < rate {
            disturb(disturbance, namespace)
        }
        switch Int.random(in: 0..<100, using: &random) {
        case 0..<18:
            write(namespace)
        case 18..<28:
            poll()
        case 28..<38:
            let kind = ModelStore.kinds[Int.random(in: 0...1, using: &random)]
            read(Demand(namespace: namespace, kind: kind))
        default:
            try deliverAny()
        }
    }

    private mutating func disturb(_ disturbance: Disturbance, _ namespace: Namespace) {
        switch disturbance {
        case .restore:
            store.restore(
                namespace, back: Int.random(in: 0...4, using: &random),
                checksDigests && chance(50) ? .same : .other, at: now)
        case .promotion:
            store.restore(
                namespace, back: Int.random(in: 0...4, using: &random), .promoted, at: now)
        case .trim: store.trim(namespace)
        case .crash: restart(keepingFiles: chance(75))
        case .deletion: store.toggle(namespace, at: now)
        case .junk: hint(junkHint(namespace))
        case .eviction: carryOut(machine.evicted(namespace))
        }
    }

    private mutating func write(_ namespace: Namespace) {
        let keys = (0...Int.random(in: 0...2, using: &random)).map { _ in
            Int.random(in: 0..<6, using: &random)
        }
        store.commit(namespace, keys: Set(keys), deleting: chance(30), at: now)
        guard let head = store.read(namespace)?.head else { return }
        let copies = Int.random(in: 0...2, using: &random)
        for _ in 0..<copies {
            hint(Hint(epoch: head.epoch, namespace: namespace, revision: head.revision))
        }
    }

    private mutating func hint(_ hint: Hint) { network.append(.hint(hint)) }

    private mutating func junkHint(_ namespace: Namespace) -> Hint {
        let revision = chance(50) ? UInt64.max : UInt64.random(in: 0...50, using: &random)
        let epoch = Epoch("0000000\(Int.random(in: 0...9, using: &random))")
        return Hint(epoch: epoch, namespace: namespace, revision: Revision(revision))
    }

    private mutating func drain() throws {
        var deliveries = 0
        while !network.isEmpty {
            now += 1
            try deliverAny()
            try check()
            deliveries += 1
            guard deliveries < 500 else { throw Violation(description: "work without end") }
        }
    }

    // MARK: Promises

    func fail(_ namespace: Namespace, _ text: String) throws -> Never {
        throw Violation(description: "\(text): \(namespace), time \(now)")
    }

    private mutating func check() throws {
        if machine.isCaughtUp, let going = caches.first(where: \.value.isSuspended) {
            try fail(going.key, "ready without a cache")
        }
        for (namespace, cache) in caches where !cache.isSuspended {
            guard machine.follows(namespace), !machine.isThrowingAway(namespace) else {
                try fail(namespace, "serves what is thrown away")
            }
            let content = store.content(namespace, cache.truth)
            for (kind, collection) in cache.collections where collection.isLoaded {
                guard collection.rows == ModelStore.rows(content, of: kind) else {
                    try fail(namespace, "collection \(kind) is not the store's at its revision")
                }
            }
            // Without a proof the cache does not answer.
            guard let freshAt = machine.freshAt(namespace) else { continue }
            try checkAnswers(of: cache, in: namespace)
            let time = Int(Self.origin.duration(to: freshAt) / .milliseconds(1))
            guard store.holds(namespace, cache.truth, everythingBefore: time) else {
                try fail(namespace, "freshness \(time) is a lie")
            }
        }
    }

    /// What clients see of a namespace goes forward only, and never back to what was lost.
    private mutating func checkAnswers(of cache: Cache, in namespace: Namespace) throws {
        guard cache.collections.values.contains(where: \.isLoaded) else { return }
        guard store.shares(namespace, cache.truth, since: contacts[namespace] ?? 0) else {
            try fail(namespace, "a lost history is served after the first contact")
        }
        if let old = answered[namespace] {
            let isForward =
                (cache.truth.history, cache.truth.revision) >= (old.history, old.revision)
            guard isForward else { try fail(namespace, "time goes back") }
        }
        answered[namespace] = cache.truth
    }

    private func checkSettled() throws {
        for namespace in Self.namespaces {
            guard let answer = store.read(namespace) else {
                guard caches[namespace] == nil else { try fail(namespace, "still cached") }
                continue
            }
            guard let cache = caches[namespace], !cache.isSuspended, cache.head == answer.head
            else { try fail(namespace, "not at the store's head") }
            guard machine.lag(namespace) == 0 else { try fail(namespace, "behind for ever") }
            for kind in ModelStore.kinds {
                guard let collection = cache.collections[kind], collection.isLoaded,
                    collection.rows == ModelStore.rows(answer.content, of: kind)
                else { try fail(namespace, "collection \(kind) did not arrive") }
            }
        }
        guard machine.isCaughtUp else { throw Violation(description: "not caught up") }
    }
}
