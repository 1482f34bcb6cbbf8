package import CatalogModel

extension FeedMachine {
    /// Names one piece of work, so that a late answer to an earlier one is told apart.
    package struct Ticket: Hashable, Sendable {
        let number: UInt64
    }

    /// What the shell has to do; it reports the outcome back as the next event.
    package enum Action: Hashable, Sendable {
        /// Read the changes after a revision, answered by `rangeRead` or `rangeFailed`.
        case readRange(Namespace, after: Revision, ticket: Ticket)
        /// Write a batch to the cache and let the named collections answer from then on.
        case apply(Namespace, installing: [UInt16])
        /// Empty the cache and start over at the store's head, answered by `rebuilt` or
        /// `rebuildFailed`; until then the cache must not answer.
        case rebuild(Namespace, RebuildReason, ticket: Ticket)
        /// Copy a collection's rows, answered by `copied` or `copyFailed`.
        case copy(Namespace, kind: UInt16, ticket: Ticket)
        /// Delete the cache; nothing of the namespace is followed any more.
        case forget(Namespace)
    }

    /// Why the content of a namespace is thrown away.
    package enum RebuildReason: String, Hashable, Sendable {
        /// The store's history is not the one that the cache followed.
        case epochChanged = "epoch_changed"
        /// The store's head is older than what was applied.
        case headWentBack = "head_went_back"
        /// The same revision has another content.
        case digestChanged = "digest_changed"
        /// The log no longer reaches back to the cache's revision, or the way is too long.
        case tooFarBehind = "too_far_behind"
        /// A change could not be applied.
        case applyFailed = "apply_failed"
    }

    enum Load: Hashable, Sendable {
        /// To be copied as soon as the history is known.
        case wanted
        case copying(Ticket)
        /// Copied from a snapshot at this revision, waiting for the changes after it.
        case copied(Revision)
    }

    struct Reading: Sendable {
        let ticket: Ticket
        let after: Revision
        /// The collections that were copied before the read began.
        let copied: Set<UInt16>
    }

    enum Work: Sendable {
        case idle
        case reading(Reading)
        /// A batch is being written that was read by a query begun at the instant.
        case applying(asOf: ContinuousClock.Instant)
        case rebuilding(Ticket, RebuildReason)
        /// A rebuild failed and is to be tried again.
        case mustRebuild(RebuildReason)
    }

    /// What the machine knows of one namespace.
    struct Member: Sendable {
        var epoch: Epoch
        var applied: Revision
        var digest: UInt64
        var target: Revision
        var work = Work.idle
        /// Something was heard of that the work under way may not know.
        var mustRead = false
        var loads: [UInt16: Load] = [:]
        /// Everything committed before this instant has been applied.
        var freshAt: ContinuousClock.Instant?

        init(_ head: NamespaceHead, asOf: ContinuousClock.Instant?) {
            epoch = head.epoch
            applied = head.revision
            digest = head.digest
            target = head.revision
            freshAt = asOf
        }

        var isRebuilding: Bool {
            switch work {
            case .rebuilding, .mustRebuild: true
            default: false
            }
        }

        var mustRetry: Bool {
            if case .mustRebuild = work { return true }
            return mustRead
        }

        /// The collections that wait for the changes after their copy, by number.
        var copied: [(kind: UInt16, revision: Revision)] {
            loads.compactMap { kind, load in
                if case .copied(let revision) = load { (kind, revision) } else { nil }
            }
            .sorted { $0.kind < $1.kind }
        }

        var wanted: [UInt16] {
            loads.filter { $0.value == .wanted }.keys.sorted()
        }

        func isAt(_ head: NamespaceHead) -> Bool {
            head.epoch == epoch && head.revision == applied && head.digest == digest
        }

        /// Why the cache cannot go on to a head; nil where it can.
        func divergence(from head: NamespaceHead) -> RebuildReason? {
            if head.epoch != epoch {
                return head.goesOn(from: applied, of: epoch) ? nil : .epochChanged
            }
            if head.revision < applied { return .headWentBack }
            if head.revision == applied, head.digest != digest { return .digestChanged }
            return nil
        }

        /// Whether a revision of the cache's history is one of a head's history too.
        func shares(_ revision: Revision, with head: NamespaceHead) -> Bool {
            guard head.epoch == epoch else { return head.goesOn(from: revision, of: epoch) }
            return revision <= head.revision
        }

        mutating func prove(_ instant: ContinuousClock.Instant) {
            freshAt = max(freshAt ?? instant, instant)
        }
    }
}
