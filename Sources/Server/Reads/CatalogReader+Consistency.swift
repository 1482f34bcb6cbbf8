import CatalogModel
import Invalidation
import ReadPath
import Telemetry

/// Reads that ask for more than what this replica happens to have.
extension CatalogReader {
    // MARK: At least a revision

    /// Waits until the cache meets the demand; nil when it did not in time.
    ///
    /// Throws `.conflict` when the store has lost what the client has seen.
    func waiting(
        _ found: Found, _ target: Target, _ fromCache: CacheLookup
    ) async throws -> Found? {
        let demand = target.demand
        guard let epoch = demand.epoch ?? found.content.epoch else { return nil }
        let hint = Hint(epoch: epoch, namespace: target.namespace, revision: demand.minimum)
        // The feed is rarely later than this. Past it the revision may be one that never was.
        for patience in [ServerLimits.feedWait, ServerLimits.revisionWait] {
            if await replicator.follow(hint, timeout: patience),
                let later = try look(target, fromCache), demand.isMet(by: later.content)
            {
                return later
            }
            guard patience == ServerLimits.feedWait else { break }
            let proof = try await proof(of: target.namespace)
            if !demand.isMet(by: proof.head) { try refuse(proof) }
        }
        return nil
    }

    /// Asks the primary before a client is told that what it has seen is lost; always throws.
    func refuseLost(_ target: Target) async throws {
        let proof = try await proof(of: target.namespace)
        if target.demand.isMet(by: proof.head) {
            throw RequestError.unavailable("the database changes at present; try again")
        }
        try refuse(proof)
    }

    /// The store does not have what the client has seen; a standby merely may not have it yet.
    private func refuse(_ proof: PrimaryHeads.Proof) throws(RequestError) {
        try requirePrimary(proof)
        var details = [
            "reason": RequestError.lostReason, "next": "drop_token",
            "revision": String(proof.head?.revision.value ?? 0),
        ]
        details["epoch"] = proof.head?.epoch.text
        throw .conflict(
            "the store no longer has the revision that the request names", details: details)
    }

    private func requirePrimary(_ proof: PrimaryHeads.Proof) throws(RequestError) {
        guard proof.isInRecovery else { return }
        throw .unavailable(
            "the database is a standby, which may lag; try again later",
            details: ["reason": "in_recovery"])
    }

    // MARK: The primary's word

    /// The head as the primary tells it; takes a cache out of service that shows a lost history.
    func proof(of namespace: Namespace) async throws -> PrimaryHeads.Proof {
        let seen = seen(namespace)
        let proof = try await primary.head(of: namespace)
        if let seen, let head = proof.head, !proof.isInRecovery, !seen.precedes(head) {
            await replicator.compare(seen, with: head)
        }
        return proof
    }

    /// The state of the cache, if there is one that answers.
    func seen(_ namespace: Namespace) -> NamespaceHead? {
        guard isCacheEnabled else { return nil }
        return try? caches[namespace]?.head()
    }

    // MARK: Linearizable

    /// An answer that shows everything committed before the request arrived.
    ///
    /// The cache answers if it is proven complete up to the query for the head, or holds exactly
    /// that head; a number alone would not tell a lost history from the present one.
    func strong(
        _ target: Target, fromCache: CacheLookup, fromStore: StoreLookup
    ) async throws -> ReadAnswer {
        let end = ContinuousClock.now + ServerLimits.revisionWait
        let isAround = !isCacheEnabled || target.demand.bypassesCache
        var head: NamespaceHead?
        var reason = isAround ? around : .notLoaded
        for attempt in 1...ServerLimits.maxHeadReads {
            let proof = try await proof(of: target.namespace)
            head = proof.head
            try requirePrimary(proof)
            if !target.demand.isMet(by: head) { try refuse(proof) }
            guard !isAround, let head, let found = try look(target, fromCache) else {
                break
            }
            if let answer = verified(found, proof, head) { return answer }
            reason = .behind
            let hint = Hint(epoch: head.epoch, namespace: head.namespace, revision: head.revision)
            guard await replicator.follow(hint, timeout: ContinuousClock.now.duration(to: end)),
                let later = try look(target, fromCache)
            else { break }
            if let answer = verified(later, proof, head) { return answer }
            // The cache is past that head by a read that began before it was asked for, or the
            // store has gone back: the next head tells, or else the feed has to look.
            if attempt > 1 { replicator.lookAtHeads() }
        }
        let answer = try await stored(target, reason, fromStore)
        if let head, !answer.content.follows(head) {
            throw RequestError.unavailable("the database changes at present; try again")
        }
        return answer
    }

    private func verified(
        _ found: Found, _ proof: PrimaryHeads.Proof, _ head: NamespaceHead
    ) -> ReadAnswer? {
        guard found.asOf >= proof.asOf || found.content.isAt(head) else { return nil }
        return ReadAnswer(
            content: found.content, outcome: .miss, reason: .verified,
            asOf: max(found.asOf, proof.asOf), metrics: found.metrics)
    }

    // MARK: Not too old

    /// Why content of the cache is too old to be served, or nil when it is not.
    func excess(of found: Found, _ target: Target) -> ReadReason? {
        let age = found.age
        if let limit = policy.ageLimit(of: target.namespace), age > limit { return .feedLost }
        let accepted = target.demand.ageLimit(standard: policy.stalenessLimit)
        if let accepted, age > accepted { return .tooOld }
        return nil
    }

    /// The store's answer in the place of one that is too old; throws `.stale` without the store.
    func refreshed(
        _ target: Target, _ reason: ReadReason, _ fromStore: StoreLookup
    ) async throws -> ReadAnswer {
        let refusal = RequestError(
            .stale, "the cache may be older than it may be served; try again later",
            details: ["reason": reason.rawValue])
        // A store that is known to be away is not asked by every reader.
        guard replicator.storeProblem == nil else { throw refusal }
        do {
            return try await stored(target, reason, fromStore)
        } catch let error as FeedError where error.code == .storeUnavailable {
            throw refusal
        }
    }
}

extension RequestError {
    fileprivate static let lostReason = "revision_lost"

    /// Whether the store does not have what the client has seen.
    var isLost: Bool { code == .conflict && details["reason"] == Self.lostReason }
}
