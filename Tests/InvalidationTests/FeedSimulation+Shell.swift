import CatalogModel

@testable import Invalidation

/// The replica's shell: what the replicator does, with the network in between.
extension FeedSimulation {
    mutating func poll() {
        network.append(.askHeads(machine.namespaces, asOf: now))
    }

    /// A client reads a collection; what is not there is demanded.
    mutating func read(_ demand: Demand) {
        if let cache = caches[demand.namespace], !cache.isSuspended,
            cache.collections[demand.kind]?.isLoaded == true
        {
            return
        }
        guard demands.insert(demand).inserted else { return }
        if machine.follows(demand.namespace) {
            load(demand)
        } else {
            network.append(.askAdmission(demand, asOf: now))
        }
    }

    private mutating func load(_ demand: Demand) {
        guard machine.follows(demand.namespace),
            caches[demand.namespace]?.collections[demand.kind]?.isLoaded != true
        else {
            demands.remove(demand)
            return
        }
        carryOut(machine.demanded(demand.namespace, kind: demand.kind))
    }

    mutating func carryOut(_ actions: [FeedMachine.Action], batch: ModelStore.Answer? = nil) {
        for action in actions {
            switch action {
            case .readRange(let namespace, let after, let ticket):
                network.append(
                    .askRange(namespace, after: Int(after.value), ticket, asOf: now))
            case .rebuild(let namespace, _, let ticket):
                caches[namespace]?.isSuspended = fault != .answersWhileThrownAway
                network.append(.askRebuild(namespace, ticket, asOf: now))
            case .copy(let namespace, let kind, let ticket):
                network.append(.askCopy(Demand(namespace: namespace, kind: kind), ticket))
            case .forget(let namespace):
                if fault != .keepsWhatVanished { caches[namespace] = nil }
                demands = demands.filter { $0.namespace != namespace }
            case .apply(_, let installing):
                if let batch { apply(batch, installing) }
            }
        }
    }

    /// Executes or answers any message; those of one kind overtake each other.
    mutating func deliverAny() throws {
        guard !network.isEmpty else { return }
        let index = Int.random(in: 0..<network.count, using: &random)
        let message = network[index]
        // What is repeated stays in the network.
        if isCalm || !message.canBeRepeated || !chance(8) { network.remove(at: index) }
        let fails = !isCalm && chance(8)
        switch message {
        case .hint(let hint):
            carryOut(machine.hinted(hint))
        case .askHeads(let asked, let asOf):
            guard !fails else { return }
            let heads = asked.compactMap { store.read($0)?.head }
            network.append(.heads(heads, asked: asked, asOf: asOf))
        case .heads(let heads, let asked, let asOf):
            guard !fails else { return }
            let known = heads.map { seen($0) }
            carryOut(machine.headsRead(known, asked: asked, asOf: Self.instant(proof(asOf))))
            carryOut(machine.retry())
        case .askRange, .range:
            try deliverRange(message, fails)
        case .askRebuild, .rebuild:
            deliverRebuild(message, fails)
        case .askCopy, .copy:
            try deliverCopy(message, fails)
        case .askAdmission, .admission:
            deliverAdmission(message, fails)
        }
    }

    /// The head as the shell reports it.
    private func seen(_ head: NamespaceHead) -> NamespaceHead {
        guard fault == .ignoresEpoch, let cache = caches[head.namespace] else { return head }
        return NamespaceHead(
            namespace: head.namespace, epoch: cache.head.epoch, revision: head.revision,
            digest: head.digest, lineage: head.lineage)
    }

    private func proof(_ asOf: Int) -> Int { fault == .provesAtAnswer ? now : asOf }

    // MARK: Process

    /// The replica's process ends, and another one takes its files over or finds none.
    mutating func restart(keepingFiles: Bool) {
        if fault != .believesAnEarlierProcess { network.removeAll() }
        demands.removeAll()
        machine = MutantMachine(machine.mutation)
        if !keepingFiles { caches = [:] }
        for (namespace, cache) in caches.sorted(by: { $0.key < $1.key }) {
            // The files know nothing of a rebuild that had not begun.
            caches[namespace]?.isSuspended = false
            for (kind, collection) in cache.collections where !collection.isLoaded {
                let serves = fault == .servesHalfACopy
                caches[namespace]?.collections[kind] =
                    serves ? Collection(rows: collection.rows, isLoaded: true) : nil
            }
            let isBroken = fault == .provesWhatItTakesOver
            machine.admitted(cache.head, asOf: isBroken ? Self.instant(now) : nil)
        }
    }

    // MARK: Ranges

    private mutating func deliverRange(_ message: Message, _ fails: Bool) throws {
        switch message {
        case .askRange(let namespace, let after, let ticket, let asOf):
            guard !fails else { return carryOut(machine.rangeFailed(namespace, ticket: ticket)) }
            let revision = Int(store.read(namespace)?.head.revision.value ?? 0)
            let from = fault == .skipsGap ? max(after, revision - 1) : after
            network.append(
                .range(
                    namespace, store.read(namespace, after: from), after: after, ticket,
                    asOf: asOf))
        case .range(let namespace, let answer, _, let ticket, let asOf):
            guard !fails else { return carryOut(machine.rangeFailed(namespace, ticket: ticket)) }
            let isCurrent = machine.isReading(namespace, ticket: ticket)
            guard let answer else {
                if isCurrent { carryOut(machine.vanished(namespace)) }
                return
            }
            let next = machine.rangeRead(
                seen(answer.head), ticket: ticket, isComplete: answer.isComplete,
                asOf: Self.instant(proof(asOf)))
            let isForward = (caches[namespace]?.truth.history ?? 0) <= answer.truth.history
            guard isForward || next.isEmpty || !isCurrent else {
                try fail(namespace, "a late answer is believed")
            }
            try checkAdoption(answer.head, next)
            isUnwritten = false
            carryOut(next, batch: answer)
            noteContact(namespace, answer.truth, next)
            let applies = next.contains { if case .apply = $0 { true } else { false } }
            if applies, !isUnwritten { try checkContact(namespace, answer.truth) }
        default:
            break
        }
    }

    private mutating func noteContact(
        _ namespace: Namespace, _ truth: ModelStore.Truth, _ next: [FeedMachine.Action]
    ) {
        let isBelieved = next.contains { action in
            switch action {
            case .apply: !isUnwritten
            case .rebuild: true
            case .readRange, .copy, .forget: false
            }
        }
        if isBelieved { contacts[namespace] = max(contacts[namespace] ?? 0, truth.history) }
    }

    /// What goes on from the cache's state is not thrown away for its new name.
    private func checkAdoption(_ head: NamespaceHead, _ next: [FeedMachine.Action]) throws {
        guard let cache = caches[head.namespace], cache.head.precedes(head) else { return }
        for case .rebuild(_, .epochChanged, _) in next {
            try fail(head.namespace, "what did not differ is thrown away")
        }
    }

    /// An answer that is applied leaves exactly the state that it was read from.
    private func checkContact(_ namespace: Namespace, _ truth: ModelStore.Truth) throws {
        guard let cache = caches[namespace], !cache.isSuspended, cache.truth != truth
        else { return }
        try fail(namespace, "a lost history is served")
    }

    private mutating func apply(_ answer: ModelStore.Answer, _ installing: [UInt16]) {
        let namespace = answer.head.namespace
        if !isCalm, chance(6) {
            // The cache could not be written, or the batch contradicts it.
            isUnwritten = true
            let isDeferred = chance(60)
            return carryOut(
                isDeferred ? machine.applyDeferred(namespace) : machine.applyFailed(namespace))
        }
        guard var cache = caches[namespace] else { return }
        var failed: [UInt16] = []
        for kind in ModelStore.kinds {
            guard var collection = cache.collections[kind],
                collection.isLoaded || installing.contains(kind)
            else { continue }
            for (key, value) in answer.changes where ModelStore.kind(of: key) == kind {
                collection.rows[key] = value
            }
            collection.isLoaded = true
            cache.collections[kind] = collection
            if checksDigests, collection.rows != ModelStore.rows(answer.content, of: kind) {
                cache.collections[kind] = nil
                failed.append(kind)
            }
        }
        if fault == .tearsBatches, !isCalm, chance(5) {
            caches[namespace] = cache
            return restart(keepingFiles: true)
        }
        let head = seen(answer.head)
        for kind in installing { demands.remove(Demand(namespace: namespace, kind: kind)) }
        cache.head = head
        cache.truth = answer.truth
        caches[namespace] = cache
        let installed = installing.filter { !failed.contains($0) }
        carryOut(machine.applied(head, installed: installed, failed: failed))
        replayOldBatch(answer)
    }

    /// The broken shell that applies a delayed batch a second time.
    private mutating func replayOldBatch(_ answer: ModelStore.Answer) {
        guard fault == .appliesOldBatchAgain else { return }
        if let old = oldBatch, chance(20), var cache = caches[old.head.namespace] {
            for (key, value) in old.changes {
                let kind = ModelStore.kind(of: key)
                if cache.collections[kind]?.isLoaded == true {
                    cache.collections[kind]?.rows[key] = value
                }
            }
            caches[old.head.namespace] = cache
        }
        oldBatch = answer
    }

    // MARK: Rebuilds, copies, admissions

    private mutating func deliverRebuild(_ message: Message, _ fails: Bool) {
        switch message {
        case .askRebuild(let namespace, let ticket, let asOf):
            guard !fails else { return carryOut(machine.rebuildFailed(namespace, ticket: ticket)) }
            network.append(.rebuild(namespace, store.read(namespace), ticket, asOf: asOf))
        case .rebuild(let namespace, let answer, let ticket, let asOf):
            guard machine.isRebuilding(namespace, ticket: ticket) else { return }
            guard !fails else { return carryOut(machine.rebuildFailed(namespace, ticket: ticket)) }
            guard let answer else { return carryOut(machine.vanished(namespace)) }
            let collections = caches[namespace]?.collections ?? [:]
            let loaded = collections.filter(\.value.isLoaded).keys.sorted()
            caches[namespace] = Cache(head: answer.head, truth: answer.truth)
            carryOut(
                machine.rebuilt(
                    answer.head, ticket: ticket, demanded: loaded,
                    asOf: Self.instant(proof(asOf))))
        default:
            break
        }
    }

    private mutating func deliverCopy(_ message: Message, _ fails: Bool) throws {
        switch message {
        case .askCopy(let demand, let ticket):
            guard isCopying(demand, ticket) else { return }
            guard !fails, caches[demand.namespace] != nil else { return failCopy(demand, ticket) }
            caches[demand.namespace]?.collections[demand.kind] = Collection(owner: ticket)
            let answer = store.read(demand.namespace)
            let rows = ModelStore.rows(answer?.content ?? [:], of: demand.kind)
            network.append(.copy(demand, ticket, answer, rest: rows.keys.sorted()))
        case .copy(let demand, let ticket, let answer, let rest):
            guard isCopying(demand, ticket) else { return }
            guard !fails, let answer else { return failCopy(demand, ticket) }
            guard caches[demand.namespace]?.collections[demand.kind]?.owner == ticket else {
                try fail(demand.namespace, "two copies of one collection")
            }
            guard let key = rest.first else { return finishCopy(demand, ticket, answer) }
            caches[demand.namespace]?.collections[demand.kind]?.rows[key] = answer.content[key]
            network.append(.copy(demand, ticket, answer, rest: Array(rest.dropFirst())))
        default:
            break
        }
    }

    private mutating func finishCopy(
        _ demand: Demand, _ ticket: FeedMachine.Ticket, _ answer: ModelStore.Answer
    ) {
        let head = seen(answer.head)
        if fault == .installsWithoutChanges {
            caches[demand.namespace]?.collections[demand.kind]?.isLoaded = true
        }
        carryOut(
            machine.copied(
                demand.namespace, kind: demand.kind, ticket: ticket, at: head.revision,
                epoch: head.epoch))
    }

    private mutating func failCopy(_ demand: Demand, _ ticket: FeedMachine.Ticket) {
        demands.remove(demand)
        carryOut(machine.copyFailed(demand.namespace, kind: demand.kind, ticket: ticket))
    }

    private func isCopying(_ demand: Demand, _ ticket: FeedMachine.Ticket) -> Bool {
        machine.isCopying(demand.namespace, kind: demand.kind, ticket: ticket)
    }

    private mutating func deliverAdmission(_ message: Message, _ fails: Bool) {
        switch message {
        case .askAdmission(let demand, let asOf):
            network.append(.admission(demand, store.read(demand.namespace), asOf: asOf))
        case .admission(let demand, let answer, let asOf):
            guard !fails else {
                demands.remove(demand)
                return
            }
            if let answer, !machine.follows(demand.namespace) {
                caches[demand.namespace] = Cache(head: answer.head, truth: answer.truth)
                machine.admitted(answer.head, asOf: Self.instant(proof(asOf)))
            }
            load(demand)
        default:
            break
        }
    }
}
