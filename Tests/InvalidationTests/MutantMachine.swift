import CatalogModel

@testable import Invalidation

/// The machine of the feed, with one of its rules broken where a mutation is given.
///
/// A mutant shows whether the simulation would notice that the rule is gone. The product has no
/// hooks for it: the events or the state around an unchanged machine are bent.
struct MutantMachine {
    typealias Action = FeedMachine.Action
    typealias Ticket = FeedMachine.Ticket

    /// A rule that is broken.
    enum Mutation: String, CaseIterable {
        case believesLateRanges, believesLateCopies
        case ignoresEpochs, ignoresDigests, ignoresOlderHeads, ignoresTheFloor
        case trustsOldRanges, believesHints, neverTriesAgain
        case provesWhatIsBehind, provesWhatIsThrownAway
        case readsFromTheHeadOnly, forgetsLoadsCutShort
        case installsBeyondTheHead
        case adoptsBeyondTheFork, installsBeyondTheFork, ignoresLineages
    }

    let mutation: Mutation?
    private var machine = FeedMachine()

    init(_ mutation: Mutation? = nil) { self.mutation = mutation }

    // MARK: Questions

    var namespaces: [Namespace] { machine.namespaces.sorted() }
    var isCaughtUp: Bool { machine.isCaughtUp }

    func follows(_ namespace: Namespace) -> Bool { machine.follows(namespace) }
    func freshAt(_ namespace: Namespace) -> ContinuousClock.Instant? { machine.freshAt(namespace) }
    func lag(_ namespace: Namespace) -> UInt64 { machine.lag(namespace) }

    /// Whether the content is being thrown away.
    func isThrowingAway(_ namespace: Namespace) -> Bool {
        machine.members[namespace]?.isRebuilding ?? false
    }

    func isReading(_ namespace: Namespace, ticket: Ticket) -> Bool {
        machine.isReading(namespace, ticket: range(ticket, namespace))
    }

    func isCopying(_ namespace: Namespace, kind: UInt16, ticket: Ticket) -> Bool {
        machine.isCopying(namespace, kind: kind, ticket: copy(ticket, namespace, kind))
    }

    func isRebuilding(_ namespace: Namespace, ticket: Ticket) -> Bool {
        machine.isRebuilding(namespace, ticket: ticket)
    }

    // MARK: Events

    mutating func admitted(_ head: NamespaceHead, asOf: ContinuousClock.Instant? = nil) {
        machine.admitted(head, asOf: asOf)
    }

    mutating func hinted(_ hint: Hint) -> [Action] { issued(machine.hinted(hint)) }

    mutating func headsRead(
        _ heads: [NamespaceHead], asked: [Namespace], asOf: ContinuousClock.Instant
    ) -> [Action] {
        let before = machine.members
        let actions = machine.headsRead(heads.map { seen($0) }, asked: asked, asOf: asOf)
        for head in heads {
            let isGoing = before[head.namespace]?.isRebuilding ?? false
            if mutation == (isGoing ? .provesWhatIsThrownAway : .provesWhatIsBehind) {
                machine.members[head.namespace]?.prove(asOf)
            }
        }
        return issued(actions)
    }

    mutating func vanished(_ namespace: Namespace) -> [Action] { machine.vanished(namespace) }
    mutating func evicted(_ namespace: Namespace) -> [Action] { machine.evicted(namespace) }

    mutating func retry() -> [Action] {
        mutation == .neverTriesAgain ? [] : issued(machine.retry())
    }

    mutating func rangeRead(
        _ head: NamespaceHead, ticket: Ticket, isComplete: Bool, asOf: ContinuousClock.Instant
    ) -> [Action] {
        var instant = asOf
        if mutation == .trustsOldRanges, let freshAt = machine.freshAt(head.namespace) {
            instant = max(asOf, freshAt)
        }
        let before = machine.members[head.namespace]
        let actions = machine.rangeRead(
            seen(head), ticket: range(ticket, head.namespace),
            isComplete: isComplete || mutation == .ignoresTheFloor, asOf: instant)
        let isRenamed = before.map { $0.epoch != head.epoch } ?? false
        return issued(actions).map { action in
            guard case .apply(let namespace, _) = action else { return action }
            if mutation == .installsBeyondTheFork, isRenamed {
                return .apply(namespace, installing: (before?.copied ?? []).map(\.kind))
            }
            guard mutation == .installsBeyondTheHead else { return action }
            let copied = machine.members[namespace]?.copied ?? []
            return .apply(namespace, installing: copied.map(\.kind))
        }
    }

    mutating func applied(
        _ head: NamespaceHead, installed: [UInt16], failed: [UInt16]
    ) -> [Action] {
        let target = machine.members[head.namespace]?.target ?? .zero
        let actions = machine.applied(seen(head), installed: installed, failed: failed)
        if mutation == .believesHints { machine.members[head.namespace]?.target = target }
        return issued(actions)
    }

    mutating func rangeFailed(_ namespace: Namespace, ticket: Ticket) -> [Action] {
        issued(machine.rangeFailed(namespace, ticket: ticket))
    }

    mutating func applyDeferred(_ namespace: Namespace) -> [Action] {
        issued(machine.applyDeferred(namespace))
    }

    mutating func applyFailed(_ namespace: Namespace) -> [Action] {
        issued(machine.applyFailed(namespace))
    }

    mutating func rebuilt(
        _ head: NamespaceHead, ticket: Ticket, demanded: [UInt16], asOf: ContinuousClock.Instant
    ) -> [Action] {
        if mutation == .forgetsLoadsCutShort { machine.members[head.namespace]?.loads = [:] }
        return issued(
            machine.rebuilt(head, ticket: ticket, demanded: demanded, asOf: asOf))
    }

    mutating func rebuildFailed(_ namespace: Namespace, ticket: Ticket) -> [Action] {
        issued(machine.rebuildFailed(namespace, ticket: ticket))
    }

    mutating func demanded(_ namespace: Namespace, kind: UInt16) -> [Action] {
        issued(machine.demanded(namespace, kind: kind))
    }

    mutating func copied(
        _ namespace: Namespace, kind: UInt16, ticket: Ticket, at revision: Revision, epoch: Epoch
    ) -> [Action] {
        issued(
            machine.copied(
                namespace, kind: kind, ticket: copy(ticket, namespace, kind), at: revision,
                epoch: epoch))
    }

    mutating func copyFailed(
        _ namespace: Namespace, kind: UInt16, ticket: Ticket
    ) -> [Action] {
        issued(machine.copyFailed(namespace, kind: kind, ticket: ticket))
    }
}

// MARK: What is bent

extension MutantMachine {
    /// The head as the mutant takes it.
    private func seen(_ head: NamespaceHead) -> NamespaceHead {
        guard let mutation, let member = machine.members[head.namespace] else { return head }
        var (epoch, revision, digest) = (head.epoch, head.revision, head.digest)
        var lineage = mutation == .ignoresLineages ? .none : head.lineage
        if mutation == .adoptsBeyondTheFork, epoch != member.epoch,
            lineage.lastShared(with: member.epoch.text, by: epoch) != nil
        {
            lineage = Lineage("\(epoch) \(member.epoch):\(UInt64.max)")
        }
        if mutation == .ignoresEpochs { epoch = member.epoch }
        if mutation == .ignoresDigests, revision == member.applied { digest = member.digest }
        if mutation == .ignoresOlderHeads, epoch == member.epoch, revision < member.applied {
            (revision, digest) = (member.applied, member.digest)
        }
        return NamespaceHead(
            namespace: head.namespace, epoch: epoch, revision: revision, digest: digest,
            lineage: lineage)
    }

    private func range(_ ticket: Ticket, _ namespace: Namespace) -> Ticket {
        guard mutation == .believesLateRanges,
            case .reading(let reading) = machine.members[namespace]?.work
        else { return ticket }
        return reading.ticket
    }

    private func copy(_ ticket: Ticket, _ namespace: Namespace, _ kind: UInt16) -> Ticket {
        guard mutation == .believesLateCopies,
            case .copying(let current) = machine.members[namespace]?.loads[kind]
        else { return ticket }
        return current
    }

    /// The actions as the mutant takes them.
    private func issued(_ actions: [Action]) -> [Action] {
        guard mutation == .readsFromTheHeadOnly else { return actions }
        return actions.map { action in
            guard case .readRange(let namespace, _, let ticket) = action else { return action }
            let applied = machine.applied(namespace) ?? .zero
            return .readRange(namespace, after: applied, ticket: ticket)
        }
    }
}
