import CatalogModel
import Synchronization

/// A collection that a read missed.
struct Demand: Hashable, Sendable {
    let namespace: Namespace
    let kind: UInt16
}

/// Collections waiting to be loaded, each at most once however many reads ask for it.
final class DemandQueue: Sendable {
    let stream: AsyncStream<Demand>
    private let continuation: AsyncStream<Demand>.Continuation
    private let state = Mutex(State())

    private struct State {
        var pending: Set<Demand> = []
        /// Failed demands that may be made again from an instant on.
        var paused: [Demand: ContinuousClock.Instant] = [:]
    }

    init() {
        (stream, continuation) = AsyncStream.makeStream()
    }

    /// Queues a demand unless the same one is queued or being served; never blocks.
    func add(_ demand: Demand) {
        let isNew = state.withLock { state in
            state.pending.count < FeedLimits.maxDemands && state.pending.insert(demand).inserted
        }
        if isNew { continuation.yield(demand) }
    }

    /// The demand is served; a later read may ask again.
    func settle(_ demand: Demand) {
        state.withLock { state in
            state.pending.remove(demand)
            state.paused[demand] = nil
        }
    }

    /// The demand failed; reads may ask again from the instant on.
    func settle(_ demand: Demand, at instant: ContinuousClock.Instant) {
        state.withLock { state in
            // A reload that nobody demanded is paused as well.
            state.pending.insert(demand)
            state.paused[demand] = instant
        }
    }

    /// Settles the failed demands whose pause is over.
    func settlePaused(before now: ContinuousClock.Instant) {
        state.withLock { state in
            for (demand, instant) in state.paused where instant <= now {
                state.pending.remove(demand)
                state.paused[demand] = nil
            }
        }
    }

    /// Nothing of the namespace is being served any more; what is paused stays so.
    func settleAll(in namespace: Namespace) {
        state.withLock { state in
            state.pending = state.pending.filter { demand in
                demand.namespace != namespace || state.paused[demand] != nil
            }
        }
    }

    func finish() {
        continuation.finish()
    }
}
