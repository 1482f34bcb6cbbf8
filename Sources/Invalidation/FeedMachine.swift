package import CatalogModel

/// Decides what the feed does next: a value without I/O, clock or lock.
///
/// Truth is what a range read returns; hints and heads only say where to look. A namespace has at
/// most one range read or rebuild under way, and a collection at most one copy. Each carries a
/// ticket, and an answer whose ticket is no longer the current one changes nothing.
package struct FeedMachine: Sendable {
    var members: [Namespace: Member] = [:]
    private var sawHeads = false
    private var lastTicket: UInt64 = 0

    package init() {}

    /// The namespaces that the feed follows.
    package var namespaces: [Namespace] { Array(members.keys) }

    /// Whether every followed namespace has caught up with the store since the start.
    package var isCaughtUp: Bool {
        sawHeads && members.values.allSatisfy { $0.freshAt != nil }
    }

    package func follows(_ namespace: Namespace) -> Bool { members[namespace] != nil }

    /// The instant up to which the cache is known to hold everything, or nil when it is unknown.
    package func freshAt(_ namespace: Namespace) -> ContinuousClock.Instant? {
        members[namespace]?.freshAt
    }

    /// The head that the cache is at, unless its content is being thrown away.
    package func applied(_ namespace: Namespace) -> Revision? {
        members[namespace]?.applied
    }

    /// How many revisions the namespace is behind the newest one heard of.
    package func lag(_ namespace: Namespace) -> UInt64 {
        guard let member = members[namespace], member.target > member.applied else { return 0 }
        return member.target.value - member.applied.value
    }

    /// Whether this range read is the one that is waited for.
    package func isReading(_ namespace: Namespace, ticket: Ticket) -> Bool {
        guard case .reading(let reading) = members[namespace]?.work else { return false }
        return reading.ticket == ticket
    }

    /// Whether rows of this copy may still be written.
    package func isCopying(_ namespace: Namespace, kind: UInt16, ticket: Ticket) -> Bool {
        members[namespace]?.loads[kind] == .copying(ticket)
    }

    /// Whether this rebuild may still empty the cache.
    package func isRebuilding(_ namespace: Namespace, ticket: Ticket) -> Bool {
        guard case .rebuilding(ticket, _) = members[namespace]?.work else { return false }
        return true
    }

    // MARK: Looking

    /// A namespace's cache is open at `head`, which was the store's at `asOf` if that is given.
    package mutating func admitted(_ head: NamespaceHead, asOf: ContinuousClock.Instant? = nil) {
        guard members[head.namespace] == nil else { return }
        members[head.namespace] = Member(head, asOf: asOf)
    }

    /// Somebody says that a revision exists; at most one more range read comes of it.
    package mutating func hinted(_ hint: Hint) -> [Action] {
        guard var member = members[hint.namespace] else { return [] }
        guard hint.epochPrefix == member.epoch.prefix else {
            return read(hint.namespace, &member)
        }
        guard hint.revision > member.applied else { return [] }
        member.target = max(member.target, hint.revision)
        return read(hint.namespace, &member)
    }

    /// The heads of all followed namespaces, read by a query that began at `asOf`.
    package mutating func headsRead(
        _ heads: [NamespaceHead], asked: [Namespace], asOf: ContinuousClock.Instant
    ) -> [Action] {
        sawHeads = true
        var missing = Set(asked)
        var actions: [Action] = []
        for head in heads {
            missing.remove(head.namespace)
            guard var member = members[head.namespace] else { continue }
            if member.isAt(head) {
                // What is being thrown away proves nothing.
                guard !member.isRebuilding else { continue }
                member.prove(asOf)
                members[head.namespace] = member
                continue
            }
            // These heads may be older than a batch applied meanwhile, or of a history that has
            // gone. A range read begins after that batch, so its head decides.
            if head.epoch == member.epoch { member.target = max(member.target, head.revision) }
            actions += read(head.namespace, &member)
        }
        for namespace in missing.sorted() {
            // The store may have got it after it was asked.
            if let freshAt = members[namespace]?.freshAt, freshAt > asOf { continue }
            actions += vanished(namespace)
        }
        return actions
    }

    /// The primary told `head` to a query that began when the cache was at `seen`.
    ///
    /// A store that goes on has all that the cache had before: if not, the cache shows a lost
    /// history. Nothing is done where it has been rebuilt meanwhile.
    package mutating func contradicted(_ seen: NamespaceHead, by head: NamespaceHead) -> [Action] {
        guard var member = members[head.namespace], !member.isRebuilding,
            member.epoch == seen.epoch, member.applied >= seen.revision,
            let reason = Member(seen, asOf: nil).divergence(from: head)
        else { return [] }
        return rebuild(head.namespace, &member, reason)
    }

    /// The store does not know the namespace any more.
    package mutating func vanished(_ namespace: Namespace) -> [Action] {
        members.removeValue(forKey: namespace) == nil ? [] : [.forget(namespace)]
    }

    /// The cache is closed to make room or because it cannot be written; a demand admits it again.
    ///
    /// Answers to whatever is under way come to nothing.
    package mutating func evicted(_ namespace: Namespace) -> [Action] {
        members.removeValue(forKey: namespace) == nil ? [] : [.forget(namespace)]
    }

    /// Tries again what failed; part of every poll.
    package mutating func retry() -> [Action] {
        // Sorted only where there is something to do: this runs over thousands of namespaces.
        let failed = members.filter { $0.value.mustRetry }.keys.sorted()
        return failed.flatMap { namespace -> [Action] in
            guard var member = members[namespace] else { return [] }
            if case .mustRebuild(let reason) = member.work {
                return rebuild(namespace, &member, reason)
            }
            return member.mustRead ? read(namespace, &member) : []
        }
    }

    // MARK: Reading and applying

    /// A range read that began at `asOf` returned; `isComplete` is false where the log no longer
    /// reaches back far enough.
    package mutating func rangeRead(
        _ head: NamespaceHead, ticket: Ticket, isComplete: Bool, asOf: ContinuousClock.Instant
    ) -> [Action] {
        let namespace = head.namespace
        guard var member = members[namespace], case .reading(let reading) = member.work,
            reading.ticket == ticket
        else { return [] }
        member.work = .idle
        if let reason = member.divergence(from: head) {
            return rebuild(namespace, &member, reason)
        }
        if head.revision > member.applied, let freshAt = member.freshAt, freshAt > asOf {
            // Heads that were asked for later know nothing of it: the store may have gone back.
            return read(namespace, &member)
        }
        var actions: [Action] = []
        guard isComplete else {
            guard reading.after < member.applied else {
                return rebuild(namespace, &member, .tooFarBehind)
            }
            // The way is too long only for copies, so only these start over.
            for (kind, revision) in member.copied where revision < member.applied {
                actions.append(copy(kind, in: namespace, &member))
            }
            return actions + read(namespace, &member)
        }
        for (kind, revision) in member.copied
        where !member.shares(revision, with: head) && reading.copied.contains(kind) {
            // Copied from a state that the store does not have any more.
            actions.append(copy(kind, in: namespace, &member))
        }
        let installing = member.copied.filter { (_, revision) in
            revision >= reading.after && member.shares(revision, with: head)
        }
        member.work = .applying(asOf: asOf)
        members[namespace] = member
        let isNews = head.revision > member.applied || head.epoch != member.epoch
        guard isNews || !installing.isEmpty else {
            return actions + applied(head, installed: [], failed: [])
        }
        return actions + [.apply(namespace, installing: installing.map(\.kind))]
    }

    /// A batch is in the cache; `failed` lists collections whose digest does not agree with it.
    ///
    /// A collection that failed while it was being installed is left to the next demand: its own
    /// digest in the store may be what is wrong, and copying would never end.
    package mutating func applied(
        _ head: NamespaceHead, installed: [UInt16], failed: [UInt16]
    ) -> [Action] {
        let namespace = head.namespace
        guard var member = members[namespace], case .applying(let asOf) = member.work else {
            return []
        }
        member.work = .idle
        member.applied = head.revision
        member.digest = head.digest
        // A read that begins after a hint settles it, whatever revision the hint spoke of.
        member.target = member.mustRead ? max(member.target, head.revision) : head.revision
        member.prove(asOf)
        for kind in installed { member.loads[kind] = nil }
        var actions: [Action] = []
        for kind in failed {
            if case .copied? = member.loads[kind] {
                member.loads[kind] = nil
            } else {
                actions.append(copy(kind, in: namespace, &member))
            }
        }
        if head.epoch != member.epoch {
            for (kind, revision) in member.copied where !member.shares(revision, with: head) {
                actions.append(copy(kind, in: namespace, &member))
            }
            member.epoch = head.epoch
        }
        for kind in member.wanted { actions.append(copy(kind, in: namespace, &member)) }
        if member.mustRead || !member.copied.isEmpty {
            return actions + read(namespace, &member)
        }
        members[namespace] = member
        return actions
    }

    /// A range read failed; the next poll tries again.
    package mutating func rangeFailed(_ namespace: Namespace, ticket: Ticket) -> [Action] {
        guard case .reading(let reading) = members[namespace]?.work, reading.ticket == ticket else {
            return []
        }
        members[namespace]?.work = .idle
        members[namespace]?.mustRead = true
        return []
    }

    /// A batch could not be written, which changed nothing; the next poll tries again.
    package mutating func applyDeferred(_ namespace: Namespace) -> [Action] {
        guard case .applying = members[namespace]?.work else { return [] }
        members[namespace]?.work = .idle
        members[namespace]?.mustRead = true
        return []
    }

    /// A batch contradicts what the cache holds: only a new start helps.
    package mutating func applyFailed(_ namespace: Namespace) -> [Action] {
        guard var member = members[namespace], case .applying = member.work else { return [] }
        return rebuild(namespace, &member, .applyFailed)
    }

    // MARK: Rebuilding

    /// A rebuild is done: the cache is empty, at a head read by a query that began at `asOf`.
    ///
    /// `demanded` are the kinds to load again, beside those whose load was cut short.
    package mutating func rebuilt(
        _ head: NamespaceHead, ticket: Ticket, demanded: [UInt16], asOf: ContinuousClock.Instant
    ) -> [Action] {
        let namespace = head.namespace
        guard let old = members[namespace], case .rebuilding(ticket, _) = old.work else {
            return []
        }
        var member = Member(head, asOf: asOf)
        let kinds = Set(demanded).union(old.loads.keys)
        var actions = kinds.sorted().map { copy($0, in: namespace, &member) }
        members[namespace] = member
        // Whatever was heard of meanwhile may be newer than the head.
        if old.mustRead { actions += read(namespace, &member) }
        return actions
    }

    /// The cache could not be emptied; it answers nothing until a later poll succeeds.
    package mutating func rebuildFailed(_ namespace: Namespace, ticket: Ticket) -> [Action] {
        guard case .rebuilding(ticket, let reason) = members[namespace]?.work else { return [] }
        members[namespace]?.work = .mustRebuild(reason)
        return []
    }

    // MARK: Loading

    /// A read found the collection absent; loads are single-flight.
    package mutating func demanded(_ namespace: Namespace, kind: UInt16) -> [Action] {
        guard var member = members[namespace], member.loads[kind] == nil else { return [] }
        defer { members[namespace] = member }
        if member.isRebuilding {
            member.loads[kind] = .wanted
            return []
        }
        return [copy(kind, in: namespace, &member)]
    }

    /// A collection's rows are in the cache as of `revision`, not yet visible to readers.
    package mutating func copied(
        _ namespace: Namespace, kind: UInt16, ticket: Ticket, at revision: Revision, epoch: Epoch
    ) -> [Action] {
        guard var member = members[namespace], member.loads[kind] == .copying(ticket) else {
            return []
        }
        // Of another history: the range read finds out, and whatever follows starts it again.
        member.loads[kind] = epoch == member.epoch ? .copied(revision) : .wanted
        return read(namespace, &member)
    }

    /// Copying failed; the next read of the collection demands it again.
    package mutating func copyFailed(
        _ namespace: Namespace, kind: UInt16, ticket: Ticket
    ) -> [Action] {
        if members[namespace]?.loads[kind] == .copying(ticket) {
            members[namespace]?.loads[kind] = nil
        }
        return []
    }

    // MARK: Transitions

    private mutating func makeTicket() -> Ticket {
        lastTicket += 1
        return Ticket(number: lastTicket)
    }

    private mutating func read(_ namespace: Namespace, _ member: inout Member) -> [Action] {
        defer { members[namespace] = member }
        guard case .idle = member.work else {
            member.mustRead = true
            return []
        }
        let reading = Reading(
            ticket: makeTicket(),
            after: member.copied.map(\.revision).reduce(member.applied, min),
            copied: Set(member.copied.map(\.kind)))
        member.work = .reading(reading)
        member.mustRead = false
        return [.readRange(namespace, after: reading.after, ticket: reading.ticket)]
    }

    private mutating func rebuild(
        _ namespace: Namespace, _ member: inout Member, _ reason: RebuildReason
    ) -> [Action] {
        let ticket = makeTicket()
        member.work = .rebuilding(ticket, reason)
        member.loads = member.loads.mapValues { _ in .wanted }
        member.freshAt = nil
        members[namespace] = member
        return [.rebuild(namespace, reason, ticket: ticket)]
    }

    private mutating func copy(
        _ kind: UInt16, in namespace: Namespace, _ member: inout Member
    ) -> Action {
        let ticket = makeTicket()
        member.loads[kind] = .copying(ticket)
        return .copy(namespace, kind: kind, ticket: ticket)
    }
}
