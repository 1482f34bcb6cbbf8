import CatalogModel
import Synchronization

/// Lets the events that no write carries share statements, one at a time for each namespace.
///
/// An event holds the end of its namespace's chain until its commit is on disk, and the writers of
/// the namespace wait for that. One by one, a flood of refused requests would slow them down; like
/// this a writer waits for one statement at the most. A namespace has a task while it has events.
final class AuditGroups: Sendable {
    /// Records a group; returns an outcome for each event, in their order.
    typealias Run = @Sendable (_ group: [AuditEvent]) async -> [RequestError?]

    private struct Waiter {
        let event: AuditEvent
        let continuation: CheckedContinuation<RequestError?, Never>
    }

    private struct State {
        var queues: [String: WriteQueue<UInt64>] = [:]
        var waiters: [UInt64: Waiter] = [:]
        var lastID: UInt64 = 0
    }

    private let state = Mutex(State())

    private static let limits = WriteQueue<UInt64>.Limits(
        groupWrites: WriteLimits.auditGroup, groupBytes: WriteLimits.auditGroupBytes,
        waitingWrites: WriteLimits.waitingAuditEvents, wait: WriteLimits.auditGroupWait)

    /// Events that wait for their group, of all namespaces.
    var waitingCount: Int {
        state.withLock { $0.queues.values.reduce(0) { $0 + $1.waitingCount } }
    }

    /// Waits until the event's group has ended; nil if it is recorded.
    ///
    /// A caller that is cancelled waits all the same: what was refused stays to be recorded. The
    /// groups run by the closure of whoever comes first.
    func record(_ event: AuditEvent, run: @escaping Run) async -> RequestError? {
        await withCheckedContinuation { enqueue(event, $0, run) }
    }

    private func enqueue(
        _ event: AuditEvent, _ continuation: CheckedContinuation<RequestError?, Never>,
        _ run: @escaping Run
    ) {
        let admission = state.withLock { state in
            state.lastID += 1
            let entry = WriteQueue<UInt64>.Entry(
                id: state.lastID, keys: [], bytes: event.roughBytes, isAlone: false, arrived: .now)
            let admission = state.queues[
                event.namespace, default: WriteQueue(limits: Self.limits)
            ].join(entry)
            if admission != .refuse {
                state.waiters[entry.id] = Waiter(event: event, continuation: continuation)
            }
            return admission
        }
        switch admission {
        case .refuse: continuation.resume(returning: Self.refused)
        case .begin: Task { await drain(event.namespace, run) }
        case .wait: break
        }
    }

    /// Runs groups until no event of the namespace is left.
    private func drain(_ namespace: String, _ run: Run) async {
        while true {
            let (group, expired) = nextGroup(namespace)
            for waiter in expired { waiter.continuation.resume(returning: Self.refused) }
            if group.isEmpty {
                if expired.isEmpty { return }
                continue
            }
            let outcomes = await run(group.map(\.event))
            for (waiter, outcome) in zip(group, outcomes) {
                waiter.continuation.resume(returning: outcome)
            }
        }
    }

    private func nextGroup(_ namespace: String) -> (group: [Waiter], expired: [Waiter]) {
        state.withLock { state in
            guard let (group, expired) = state.queues[namespace]?.start(now: .now) else {
                return ([], [])
            }
            if group.isEmpty, expired.isEmpty { state.queues[namespace] = nil }
            return (
                group.compactMap { state.waiters.removeValue(forKey: $0) },
                expired.compactMap { state.waiters.removeValue(forKey: $0) }
            )
        }
    }

    private static let refused = RequestError.unavailable(
        "too many audit events of the namespace wait")
}

extension AuditEvent {
    /// About what the event takes in a statement.
    fileprivate var roughBytes: Int {
        resourceIDs.reduce(512 + (reason?.utf8.count ?? 0)) { $0 + $1.utf8.count }
    }
}
