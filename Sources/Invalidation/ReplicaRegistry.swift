package import CatalogModel
import Synchronization

/// Keeps this replica registered: its lease, and how far each of its caches has come.
///
/// Positions are coalesced: one statement within `FeedLimits.reportDelay` of the first change, at
/// most ten a second over time. The log is not trimmed past what a live replica still needs, and a
/// write that asks for it is answered once every live replica has reported its revision.
package final class ReplicaRegistry: Sendable {
    private struct State: ~Copyable {
        /// What this replica holds, to be reported whole when it was not registered.
        var held: [Namespace: NamespaceHead] = [:]
        /// What is to be reported; nil for a namespace that is no longer held.
        var pending: [Namespace: NamespaceHead?] = [:]
        var reports: UInt64 = 0
        var isReporting = false
        var waiters: [UInt64: CheckedContinuation<Bool, Never>] = [:]
        var lastWaiter: UInt64 = 0
        var isStopped = false

        /// Whether the register knows everything.
        var isComplete: Bool { reports > 0 && pending.isEmpty && !isReporting }
    }

    package let replica: ReplicaIdentity
    private let store: any ReplicaStore
    private let state = Mutex(State())
    private let wakes: AsyncStream<Void>
    private let waker: AsyncStream<Void>.Continuation

    package init(replica: ReplicaIdentity, store: any ReplicaStore) {
        self.replica = replica
        self.store = store
        (wakes, waker) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    // MARK: Positions

    /// A cache is at this head now; returns at once.
    package func moved(to head: NamespaceHead) {
        state.withLock { state in
            guard state.held.updateValue(head, forKey: head.namespace) != head else { return }
            state.pending[head.namespace] = .some(head)
        }
        waker.yield()
    }

    /// A cache is gone; returns at once.
    package func dropped(_ namespace: Namespace) {
        state.withLock { state in
            guard state.held.removeValue(forKey: namespace) != nil else { return }
            state.pending[namespace] = .some(nil)
        }
        waker.yield()
    }

    /// Returns true once everything noted before is reported, false after the timeout.
    ///
    /// A cache that is about to answer for the first time waits for this, so that no writer takes
    /// its replica for one that does not hold the namespace.
    package func reported(within timeout: Duration) async -> Bool {
        var timer: Task<Void, any Error>?
        defer { timer?.cancel() }
        return await withCheckedContinuation { continuation in
            let entry = state.withLock { state -> (answer: Bool?, id: UInt64) in
                if state.isComplete { return (true, 0) }
                if state.isStopped { return (false, 0) }
                state.lastWaiter += 1
                state.waiters[state.lastWaiter] = continuation
                return (nil, state.lastWaiter)
            }
            if let answer = entry.answer { return continuation.resume(returning: answer) }
            timer = Task { [weak self] in
                try await Task.sleep(for: timeout)
                self?.expire(entry.id)
            }
        }
    }

    private func expire(_ waiter: UInt64) {
        state.withLock { $0.waiters.removeValue(forKey: waiter) }?.resume(returning: false)
    }

    // MARK: Running

    /// Reports until cancelled or stopped; then the lease is left to `leave`.
    package func run() async {
        await withDiscardingTaskGroup { group in
            group.addTask { await self.renew() }
            var bucket = TokenBucket(
                interval: FeedLimits.reportInterval, burst: FeedLimits.reportBurst)
            for await _ in wakes {
                try? await Task.sleep(for: FeedLimits.reportDelay)
                while let wait = bucket.take(at: .now), !Task.isCancelled {
                    try? await Task.sleep(for: wait)
                }
                if Task.isCancelled { break }
                await report()
            }
            group.cancelAll()
        }
        letGo()
    }

    /// Ends `run`.
    package func stop() { waker.finish() }

    /// Takes this replica out of the register; without an answer its lease ends by itself.
    package func leave() async {
        try? await store.leave(replica)
    }

    private func renew() async {
        while !Task.isCancelled {
            waker.yield()
            try? await Task.sleep(for: FeedLimits.leaseRenewal)
        }
    }

    private func report() async {
        let pending = state.withLock { state in
            defer { state.pending = [:] }
            state.isReporting = true
            return state.pending
        }
        do throws(FeedError) {
            let wasKnown = try await store.report(
                ReplicaReport(
                    replica: replica, lease: FeedLimits.lease,
                    moved: pending.values.compactMap { $0 },
                    dropped: pending.filter { $0.value == nil }.map(\.key)))
            settle(wasKnown: wasKnown)
        } catch {
            // What has moved again meanwhile is newer.
            state.withLock { state in
                state.pending.merge(pending) { newer, _ in newer }
                state.isReporting = false
            }
        }
    }

    private func settle(wasKnown: Bool) {
        let woken = state.withLock { state -> [CheckedContinuation<Bool, Never>] in
            state.isReporting = false
            if !wasKnown, state.reports > 0 {
                // The register has forgotten this replica, with everything that it had reported.
                for (namespace, head) in state.held where state.pending[namespace] == nil {
                    state.pending[namespace] = .some(head)
                }
            }
            state.reports += 1
            guard state.isComplete else { return [] }
            defer { state.waiters = [:] }
            return Array(state.waiters.values)
        }
        for continuation in woken { continuation.resume(returning: true) }
        if !wasKnown { waker.yield() }
    }

    private func letGo() {
        let woken = state.withLock { state in
            defer { state.waiters = [:] }
            state.isStopped = true
            return Array(state.waiters.values)
        }
        for continuation in woken { continuation.resume(returning: false) }
    }

    // MARK: Visibility

    /// The live replicas that hold the namespace and have not reported the revision in time.
    ///
    /// Looks every few ms; callers that ask at the same time do so one by one.
    package func missing(_ hint: Hint, within timeout: Duration) async -> [String] {
        let deadline = ContinuousClock.now + timeout
        var pause = FeedLimits.visibilityPause
        var late: [String] = []
        while true {
            if let positions = try? await store.positions(in: [hint.namespace]) {
                late = positions.filter { !$0.covers(hint) }.map(\.replica).sorted()
                if late.isEmpty { return [] }
            } else if late.isEmpty {
                // Nobody could be asked.
                late = ["unknown"]
            }
            guard ContinuousClock.now + pause < deadline, !Task.isCancelled else { return late }
            try? await Task.sleep(for: pause)
            pause = min(pause * 2, FeedLimits.visibilityPauseMax)
        }
    }
}

extension ReplicaPosition {
    /// Whether the replica shows the revision that a hint speaks of, or a later one.
    func covers(_ hint: Hint) -> Bool {
        epoch.prefix == hint.epochPrefix && revision >= hint.revision
    }
}
