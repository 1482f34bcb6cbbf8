package import CatalogModel
import Synchronization

/// Lets requests wait until a namespace's cache has reached a revision.
///
/// Callable from anywhere; waiting is bounded in time by the caller and in number by a limit.
package final class RevisionWaiter: Sendable {
    private struct Waiter {
        let id: UInt64
        let revision: Revision
        /// First characters of the epoch that the revision belongs to; nil for whatever there is.
        let history: String?
        let continuation: CheckedContinuation<Bool, Never>

        func isSatisfied(by head: Reached) -> Bool {
            head.satisfies(revision, history)
        }
    }

    private struct Reached {
        let head: NamespaceHead
        let history: String

        init(_ head: NamespaceHead) {
            self.head = head
            history = head.epoch.prefix
        }

        func satisfies(_ wanted: Revision, _ wantedHistory: String?) -> Bool {
            guard head.revision >= wanted else { return false }
            guard let wantedHistory, wantedHistory != history else { return true }
            let last = head.lineage.lastShared(with: wantedHistory, by: head.epoch)
            return last.map { wanted <= $0 } ?? false
        }
    }

    private struct State: ~Copyable {
        var reached: [Namespace: Reached] = [:]
        var waiters: [Namespace: [Waiter]] = [:]
        var count = 0
        var nextID: UInt64 = 0
    }

    private let state = Mutex(State())

    package init() {}

    /// Returns true once the revision is applied, false after the timeout or past the limit.
    ///
    /// `history` is the beginning of the revision's epoch: the same number in another history is
    /// another content.
    package func wait(
        for revision: Revision, in namespace: Namespace, history: String? = nil, timeout: Duration
    ) async -> Bool {
        var timer: Task<Void, any Error>?
        defer { timer?.cancel() }
        return await withCheckedContinuation { continuation in
            let id: UInt64
            switch enter(revision, namespace, history, continuation) {
            case .answered(let answer): return continuation.resume(returning: answer)
            case .waiting(let number): id = number
            }
            // Started only now: an earlier one could expire before there is anything to wake.
            timer = Task { [weak self] in
                try await Task.sleep(for: timeout)
                self?.expire(id, in: namespace)
            }
        }
    }

    private enum Entry {
        case answered(Bool)
        case waiting(UInt64)
    }

    private func enter(
        _ revision: Revision, _ namespace: Namespace, _ history: String?,
        _ continuation: CheckedContinuation<Bool, Never>
    ) -> Entry {
        state.withLock { state in
            if let reached = state.reached[namespace], reached.satisfies(revision, history) {
                return .answered(true)
            }
            guard state.count < FeedLimits.maxWaiters else { return .answered(false) }
            state.count += 1
            state.nextID += 1
            state.waiters[namespace, default: []].append(
                Waiter(
                    id: state.nextID, revision: revision, history: history,
                    continuation: continuation))
            return .waiting(state.nextID)
        }
    }

    /// The cache is at this head: wakes everyone who waits for its revision or an older one.
    package func reached(_ head: NamespaceHead) {
        let reached = Reached(head)
        let woken: [Waiter] = state.withLock { state in
            state.reached[head.namespace] = reached
            guard let waiters = state.waiters[head.namespace] else { return [] }
            let rest = waiters.filter { !$0.isSatisfied(by: reached) }
            state.waiters[head.namespace] = rest.isEmpty ? nil : rest
            state.count -= waiters.count - rest.count
            return waiters.filter { $0.isSatisfied(by: reached) }
        }
        for waiter in woken { waiter.continuation.resume(returning: true) }
    }

    /// The namespace has no cache any more; whoever waits has to read the store.
    package func forget(_ namespace: Namespace) {
        let woken: [Waiter] = state.withLock { state in
            state.reached[namespace] = nil
            let woken = state.waiters.removeValue(forKey: namespace) ?? []
            state.count -= woken.count
            return woken
        }
        for waiter in woken { waiter.continuation.resume(returning: false) }
    }

    private func expire(_ id: UInt64, in namespace: Namespace) {
        let waiter: Waiter? = state.withLock { state in
            guard var waiters = state.waiters[namespace],
                let index = waiters.firstIndex(where: { $0.id == id })
            else { return nil }
            let waiter = waiters.remove(at: index)
            state.waiters[namespace] = waiters.isEmpty ? nil : waiters
            state.count -= 1
            return waiter
        }
        waiter?.continuation.resume(returning: false)
    }
}
