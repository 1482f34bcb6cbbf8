import CatalogModel

@testable import Invalidation

/// One replica, one store and the network between them, in a virtual time, from a seed.
///
/// The replica's shell is modelled after the real one; its decisions are the real machine's.
struct FeedSimulation {
    /// What a broken shell would do; the simulation has to notice each.
    enum Fault: CaseIterable {
        case skipsGap, ignoresEpoch, appliesOldBatchAgain, provesAtAnswer, installsWithoutChanges
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
    }

    static let namespaces = ["one", "two"].compactMap { try? Namespace($0) }
    private static let origin = ContinuousClock.now

    let fault: Fault?
    /// Whether collections are compared with the store's digests; without, every fault shows.
    let checksDigests: Bool
    var random: SeededGenerator
    var store = ModelStore(Self.namespaces)
    var machine = FeedMachine()
    var caches: [Namespace: Cache] = [:]
    var demands: Set<Demand> = []
    var network: [Message] = []
    var now = 1
    var isCalm = false
    var oldBatch: ModelStore.Answer?
    /// What each cache held at the last check.
    private var held: [Namespace: ModelStore.Truth] = [:]

    init(seed: UInt64, fault: Fault? = nil) {
        random = SeededGenerator(seed: seed)
        self.fault = fault
        checksDigests = fault == nil && seed % 2 == 0
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
        switch Int.random(in: 0..<100, using: &random) {
        case 0..<18:
            write(namespace)
        case 18..<28:
            poll()
        case 28..<38:
            let kind = ModelStore.kinds[Int.random(in: 0...1, using: &random)]
            read(Demand(namespace: namespace, kind: kind))
        case 38:
            store.restore(
                namespace, back: Int.random(in: 0...4, using: &random),
                keepingEpoch: checksDigests && chance(50), at: now)
        case 39:
            if chance(40) { store.trim(namespace) } else { restart() }
        case 40:
            if chance(30) || store.records[namespace]?.exists == false {
                store.toggle(namespace, at: now)
            }
        case 41:
            hint(junkHint(namespace))
        case 42:
            if chance(30) { carryOut(machine.evicted(namespace)) }
        default:
            try deliverAny()
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

    /// The replica's process ends and another one takes its files over.
    private mutating func restart() {
        network.removeAll()
        demands.removeAll()
        machine = FeedMachine()
        for (namespace, cache) in caches {
            guard !cache.isSuspended else {
                caches[namespace] = nil
                continue
            }
            caches[namespace]?.collections = cache.collections.filter(\.value.isLoaded)
            machine.admitted(cache.head)
        }
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
        for namespace in Self.namespaces {
            let (old, new) = (held[namespace], caches[namespace]?.truth)
            if let old, let new {
                let isForward = (new.history, new.revision) >= (old.history, old.revision)
                guard isForward else { try fail(namespace, "time goes back") }
            }
            held[namespace] = new
        }
        for (namespace, cache) in caches where !cache.isSuspended {
            let content = store.content(namespace, cache.truth)
            for (kind, collection) in cache.collections where collection.isLoaded {
                guard collection.rows == ModelStore.rows(content, of: kind) else {
                    try fail(namespace, "collection \(kind) is not the store's at its revision")
                }
            }
            guard let freshAt = machine.freshAt(namespace) else { continue }
            let time = Int(Self.origin.duration(to: freshAt) / .milliseconds(1))
            guard store.holds(namespace, cache.truth, everythingBefore: time) else {
                try fail(namespace, "freshness \(time) is a lie")
            }
        }
    }

    private func checkSettled() throws {
        for namespace in Self.namespaces {
            guard let answer = store.read(namespace) else {
                guard caches[namespace] == nil else { try fail(namespace, "still cached") }
                continue
            }
            guard let cache = caches[namespace], !cache.isSuspended, cache.head == answer.head
            else { try fail(namespace, "not at the store's head") }
            for kind in ModelStore.kinds {
                guard let collection = cache.collections[kind], collection.isLoaded,
                    collection.rows == ModelStore.rows(answer.content, of: kind)
                else { try fail(namespace, "collection \(kind) did not arrive") }
            }
        }
        guard machine.isCaughtUp else { throw Violation(description: "not caught up") }
    }
}
