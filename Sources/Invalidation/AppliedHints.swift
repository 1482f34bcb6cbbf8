import CatalogModel
import Synchronization

/// Tells replicas that are fed by this one what it has applied.
///
/// Hints that are not taken yet fold into the newest of each namespace. Callable from anywhere.
package final class AppliedHints: Sendable {
    private struct State {
        var listeners: [UInt64: Listener] = [:]
        var last: UInt64 = 0
    }

    private struct Listener {
        var pending: [Namespace: Hint] = [:]
        let waker: AsyncStream<Void>.Continuation
    }

    private let state = Mutex(State())

    package init() {}

    /// One who listens, until it is released.
    package final class Subscription: Sendable {
        /// Something may be there to be taken.
        package let wakes: AsyncStream<Void>
        private let hints: AppliedHints
        private let id: UInt64

        fileprivate init(_ hints: AppliedHints, id: UInt64, wakes: AsyncStream<Void>) {
            self.hints = hints
            self.id = id
            self.wakes = wakes
        }

        deinit { hints.remove(id) }

        /// What was applied since the last call.
        package func take() -> [Hint] { hints.take(id) }

        /// Wakes without a hint; returns at once.
        package func wake() { hints.wake(id) }
    }

    package func subscribe() -> Subscription {
        let (wakes, waker) = AsyncStream<Void>.makeStream(bufferingPolicy: .bufferingNewest(1))
        let id = state.withLock { state in
            state.last += 1
            state.listeners[state.last] = Listener(waker: waker)
            return state.last
        }
        return Subscription(self, id: id, wakes: wakes)
    }

    /// The cache answers as of this head; costs one lock where nobody listens.
    func reached(_ head: NamespaceHead) {
        let hint = Hint(epoch: head.epoch, namespace: head.namespace, revision: head.revision)
        state.withLock { state in
            for id in state.listeners.keys {
                state.listeners[id]?.pending[head.namespace] = hint
                state.listeners[id]?.waker.yield()
            }
        }
    }

    private func take(_ id: UInt64) -> [Hint] {
        state.withLock { state in
            guard let pending = state.listeners[id]?.pending else { return [] }
            state.listeners[id]?.pending = [:]
            return Array(pending.values)
        }
    }

    private func wake(_ id: UInt64) { _ = state.withLock { $0.listeners[id]?.waker.yield() } }

    private func remove(_ id: UInt64) {
        state.withLock { $0.listeners.removeValue(forKey: id) }?.waker.finish()
    }
}
