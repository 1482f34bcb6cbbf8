import CatalogModel
import Synchronization

/// Lets the concurrent writes of each namespace share transactions; `WriteQueue` decides which.
///
/// A namespace has a task while it has writes, and costs nothing without.
final class GroupCommitter: Sendable {
    /// Runs a group in one transaction and returns an outcome for each member, in their order.
    typealias Run = @Sendable (_ group: [GroupMember]) async -> [GroupMember.Outcome]

    private struct Waiter {
        let member: GroupMember
        let continuation: CheckedContinuation<GroupMember.Outcome, Never>
    }

    private struct State {
        var queues: [Namespace: WriteQueue<UInt64>] = [:]
        var waiters: [UInt64: Waiter] = [:]
        var lastID: UInt64 = 0
    }

    private let state = Mutex(State())
    private let limits: WriteQueue<UInt64>.Limits

    init(limits: WriteQueue<UInt64>.Limits) { self.limits = limits }

    /// Writes that wait for their group, of all namespaces.
    var waitingCount: Int {
        state.withLock { $0.queues.values.reduce(0) { $0 + $1.waitingCount } }
    }

    /// Waits for the member's group to end.
    ///
    /// A caller that is cancelled leaves at once: a write that still waits is withdrawn, one whose
    /// group is under way takes its course. The groups run by the closure of whoever comes first.
    func submit(_ member: GroupMember, run: @escaping Run) async -> GroupMember.Outcome {
        let id = state.withLock { state in
            state.lastID += 1
            return state.lastID
        }
        return await withTaskCancellationHandler {
            await withCheckedContinuation { enqueue(id, member, $0, run) }
        } onCancel: {
            withdraw(id, member.context.namespace)
        }
    }

    private func enqueue(
        _ id: UInt64, _ member: GroupMember,
        _ continuation: CheckedContinuation<GroupMember.Outcome, Never>, _ run: @escaping Run
    ) {
        let namespace = member.context.namespace
        let admission = state.withLock { state -> WriteQueue<UInt64>.Admission? in
            // Cancelled before there was anything to withdraw.
            if Task.isCancelled { return nil }
            let entry = member.entry(id, arrived: .now)
            let admission = state.queues[namespace, default: WriteQueue(limits: limits)].join(entry)
            if admission != .refuse {
                state.waiters[id] = Waiter(member: member, continuation: continuation)
            }
            return admission
        }
        switch admission {
        case nil: continuation.resume(returning: .failure(Self.cancelled))
        case .refuse: continuation.resume(returning: .failure(Self.refused))
        case .begin: Task { await drain(namespace, run) }
        case .wait: break
        }
    }

    private func withdraw(_ id: UInt64, _ namespace: Namespace) {
        let waiter = state.withLock { state in
            _ = state.queues[namespace]?.leave(id)
            return state.waiters.removeValue(forKey: id)
        }
        waiter?.continuation.resume(returning: .failure(Self.cancelled))
    }

    /// Runs groups until no write of the namespace is left.
    private func drain(_ namespace: Namespace, _ run: Run) async {
        while true {
            let (group, expired) = nextGroup(namespace)
            for waiter in expired {
                waiter.continuation.resume(returning: .failure(Self.refused))
            }
            if group.isEmpty {
                if expired.isEmpty { return }
                continue
            }
            let outcomes = await run(group.map(\.member))
            for (index, (id, _)) in group.enumerated() {
                let waiter = state.withLock { $0.waiters.removeValue(forKey: id) }
                waiter?.continuation.resume(returning: outcomes[index])
            }
        }
    }

    private func nextGroup(
        _ namespace: Namespace
    ) -> (group: [(id: UInt64, member: GroupMember)], expired: [Waiter]) {
        state.withLock { state in
            guard let (group, expired) = state.queues[namespace]?.start(now: .now) else {
                return ([], [])
            }
            if group.isEmpty, expired.isEmpty { state.queues[namespace] = nil }
            return (
                group.compactMap { id in state.waiters[id].map { (id, $0.member) } },
                expired.compactMap { state.waiters.removeValue(forKey: $0) }
            )
        }
    }

    private static let cancelled = RequestError.unavailable("the request was cancelled")
    private static let refused = RequestError(
        .unavailable, "too many writes of the namespace wait; try again later",
        details: ["retryAfter": "1"])
}
