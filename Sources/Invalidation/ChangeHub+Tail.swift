import CatalogModel
import ReadPath
import Synchronization

/// Reading on the log of one namespace, and waking those who wait for it.
extension ChangeHub {
    /// Keeps the ring of a namespace at what this replica has applied, as long as somebody follows.
    func follow(_ namespace: Namespace) async {
        while !Task.isCancelled, goesOn(namespace) {
            do throws(FeedError) {
                guard try await replicator.attach(namespace) else {
                    publish(namespace) { tail in
                        tail.ring = nil
                        tail.isUnknown = true
                    }
                    try? await Task.sleep(for: FeedLimits.unknownNamespacePause)
                    continue
                }
                try await readOn(namespace)
            } catch {
                // Who waits is told by the next heartbeat how old what it has can be.
                try? await Task.sleep(for: FeedLimits.logRetry)
            }
        }
    }

    private func readOn(_ namespace: Namespace) async throws(FeedError) {
        let history = caches[namespace].map { CacheHistory($0) }
        guard let history, let applied = applied(namespace) else {
            try? await Task.sleep(for: FeedLimits.logRetry)
            return
        }
        let tail = state.withLock { $0.tails[namespace] }
        let ring = tail?.history?.holds(in: caches[namespace]) == true ? tail?.ring : nil
        if let ring, ring.end == ChangeCursor(applied) {
            // Wakes early for a newer revision; another history shows at the next look.
            _ = await replicator.waiter.wait(
                for: applied.revision.next, in: namespace, timeout: FeedLimits.logPoll)
            return
        }
        let isBehind =
            ring.map { $0.epoch == applied.epoch && $0.end.revision < applied.revision } ?? false
        let after = isBehind ? ring?.end.revision ?? applied.revision : applied.revision
        let read = try await source.log(in: namespace, after: after)
        guard case .page(let whole) = read else {
            // Trimmed past the ring, or gone: it begins anew at what is applied.
            return await restart(namespace, if: isBehind)
        }
        guard whole.head.epoch == applied.epoch, whole.head.revision >= after else {
            try? await Task.sleep(for: FeedLimits.logRetry)
            return
        }
        let page = whole.clipped(through: applied.revision)
        if isBehind, page.revisions.isEmpty {
            // Where the log comes from another replica, that one may be behind this one.
            try? await Task.sleep(for: FeedLimits.logRetry)
            return
        }
        publish(namespace) { tail in
            tail.isUnknown = false
            if isBehind, tail.ring?.add(page) == true { return }
            tail.ring = isBehind ? nil : ChangeRing(page)
            tail.history = history
        }
    }

    private func restart(_ namespace: Namespace, if isBehind: Bool) async {
        guard isBehind else {
            try? await Task.sleep(for: FeedLimits.logRetry)
            return
        }
        publish(namespace) { $0.ring = nil }
    }

    /// Whether the namespace is still to be followed; without followers only for a while.
    private func goesOn(_ namespace: Namespace) -> Bool {
        state.withLock { state in
            guard !state.isStopped, let tail = state.tails[namespace] else { return false }
            guard tail.followers == 0, let idleSince = tail.idleSince,
                idleSince.duration(to: .now) > FeedLimits.followerLinger
            else { return true }
            state.tails[namespace] = nil
            return false
        }
    }

    private func publish(_ namespace: Namespace, _ change: (inout Tail) -> Void) {
        let woken = state.withLock { state -> [CheckedContinuation<Void, Never>] in
            guard var tail = state.tails.removeValue(forKey: namespace) else { return [] }
            change(&tail)
            tail.version += 1
            let woken = Array(tail.waiters.values)
            tail.waiters = [:]
            state.tails[namespace] = tail
            return woken
        }
        for waiter in woken { waiter.resume() }
    }

    // MARK: Waiting

    /// Returns once there may be something new, at the end of the wait, or when cancelled.
    func wait(
        for namespace: Namespace, past version: UInt64, until end: ContinuousClock.Instant
    ) async {
        let id = state.withLock { state in
            state.lastWaiter += 1
            return state.lastWaiter
        }
        // A place outside the ring is looked at again even when nothing is published.
        let end = min(end, .now + FeedLimits.logPoll)
        let timer = Task { [weak self] in
            try await Task.sleep(until: end, clock: .continuous)
            self?.wake(id, of: namespace)
        }
        defer { timer.cancel() }
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let mustWait = state.withLock { state in
                    guard !Task.isCancelled, ContinuousClock.now < end,
                        state.tails[namespace]?.version == version
                    else { return false }
                    state.tails[namespace]?.waiters[id] = continuation
                    return true
                }
                if !mustWait { continuation.resume() }
            }
        } onCancel: {
            wake(id, of: namespace)
        }
    }

    private func wake(_ id: UInt64, of namespace: Namespace) {
        let waiter = state.withLock { $0.tails[namespace]?.waiters.removeValue(forKey: id) }
        waiter?.resume()
    }
}
