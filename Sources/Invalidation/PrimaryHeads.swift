package import CatalogModel
import Synchronization

/// Reads heads from the primary for requests that must not miss a committed write.
///
/// All requests that wait share one query. A request joins the next query, never one that has been
/// sent: that one may have seen the store before the request arrived. Callable from anywhere.
package final class PrimaryHeads: Sendable {
    /// What the store answered to one query.
    package struct Answer: Sendable {
        package let heads: [NamespaceHead]
        /// A standby may lag behind commits that were acknowledged.
        package let isInRecovery: Bool

        package init(heads: [NamespaceHead], isInRecovery: Bool) {
            self.heads = heads
            self.isInRecovery = isInRecovery
        }
    }

    /// One namespace's part of an answer.
    package struct Proof: Sendable {
        /// Nil where the store does not know the namespace.
        package let head: NamespaceHead?
        package let isInRecovery: Bool
        /// Before this instant, which is after the request's arrival, the query had not begun.
        package let asOf: ContinuousClock.Instant
    }

    package typealias Query = @Sendable ([Namespace]) async throws(FeedError) -> Answer

    private struct Waiter {
        let namespace: Namespace
        let continuation: CheckedContinuation<Result<Proof, FeedError>, Never>
    }

    private struct State: ~Copyable {
        var waiters: [Waiter] = []
        var isStopped = false
    }

    private let query: Query
    private let state = Mutex(State())
    private let wake: AsyncStream<Void>
    private let waker: AsyncStream<Void>.Continuation

    package init(query: @escaping Query) {
        self.query = query
        (wake, waker) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    /// The head of a namespace, read by a query that began after this call.
    ///
    /// Waits for the query under way, if there is one, and for the next. Throws what the query
    /// throws, and `.stopped` after `stop` or past the limit of waiting requests.
    package func head(of namespace: Namespace) async throws(FeedError) -> Proof {
        let result = await withCheckedContinuation { continuation in
            let isAccepted = state.withLock { state in
                guard !state.isStopped, state.waiters.count < FeedLimits.maxWaiters else {
                    return false
                }
                state.waiters.append(Waiter(namespace: namespace, continuation: continuation))
                return true
            }
            guard isAccepted else {
                let refusal = FeedError(.stopped, "no more requests for heads are taken")
                return continuation.resume(returning: .failure(refusal))
            }
            waker.yield()
        }
        return try result.get()
    }

    /// Asks for whoever waits, one query after the other, until `stop`.
    package func run() async {
        for await _ in wake { await answerWaiters() }
        await answerWaiters()
    }

    /// Refuses later calls; `run` returns once those that wait have been answered.
    package func stop() {
        state.withLock { $0.isStopped = true }
        waker.finish()
    }

    private func answerWaiters() async {
        let waiters = state.withLock { state in
            defer { state.waiters = [] }
            return state.waiters
        }
        guard !waiters.isEmpty else { return }
        let asOf = ContinuousClock.now
        do throws(FeedError) {
            let answer = try await query(Set(waiters.map(\.namespace)).sorted())
            for waiter in waiters {
                let head = answer.heads.first { $0.namespace == waiter.namespace }
                let proof = Proof(head: head, isInRecovery: answer.isInRecovery, asOf: asOf)
                waiter.continuation.resume(returning: .success(proof))
            }
        } catch {
            for waiter in waiters { waiter.continuation.resume(returning: .failure(error)) }
        }
    }
}
