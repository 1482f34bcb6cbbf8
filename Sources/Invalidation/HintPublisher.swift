import CatalogModel
package import Postgres
import Synchronization

/// Tells the other replicas where to look, after commit and outside the write's transaction.
///
/// A notifying transaction holds an instance-wide lock while it flushes, so hints of many writes
/// go out in one transaction that writes nothing. A lost hint costs freshness up to the next poll.
package final class HintPublisher: Sendable {
    private let pool: Pool
    private struct State {
        var pending: [Namespace: Hint] = [:]
        /// Hints that were given since the last message, folded or not.
        var given = 0
    }

    private let state = Mutex(State())
    private let wake: AsyncStream<Void>
    private let continuation: AsyncStream<Void>.Continuation

    /// The pool should be one connection of the publisher's own.
    package init(pool: Pool) {
        self.pool = pool
        (wake, continuation) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    /// Notes a committed revision; returns at once.
    package func publish(_ hint: Hint) {
        state.withLock { state in
            state.given += 1
            if let known = state.pending[hint.namespace], known.epochPrefix == hint.epochPrefix,
                known.revision >= hint.revision
            {
                return
            }
            state.pending[hint.namespace] = hint
        }
        continuation.yield()
    }

    /// Sends what is noted, at most once in `FeedLimits.notifyInterval`, until `stop`.
    package func run() async {
        var last = ContinuousClock.now
        for await _ in wake {
            let now = ContinuousClock.now
            let interval = Self.interval(for: await flush(), since: last.duration(to: now))
            last = now
            try? await Task.sleep(for: interval)
        }
        await flush()
    }

    /// How long to wait after a message, by the writes that it stands for and the time they took.
    ///
    /// Each message wakes every listening session of the server. Few writes are told of at once;
    /// many in a second share messages, so that the sessions do not take the processors from them.
    static func interval(for writes: Int, since time: Duration) -> Duration {
        let seconds = max(time, FeedLimits.notifyInterval) / .seconds(1)
        let load = Double(writes) / seconds / FeedLimits.quietWritesPerSecond
        return min(FeedLimits.maxNotifyInterval, FeedLimits.notifyInterval * max(1, load))
    }

    package func stop() {
        continuation.finish()
    }

    /// Sends what is noted; returns how many writes that was.
    @discardableResult
    private func flush() async -> Int {
        let (hints, given) = state.withLock { state in
            defer { state = State() }
            return (Array(state.pending.values), state.given)
        }
        for start in stride(from: 0, to: hints.count, by: FeedLimits.notifyBatch) {
            let batch = hints[start..<min(start + FeedLimits.notifyBatch, hints.count)]
            // Nobody waits for a hint: the poll of each replica makes up for one that is lost.
            _ = try? await pool.query(
                Self.notify, [.textArray(batch.map(\.payload))], timeout: FeedLimits.queryTimeout)
        }
        return given
    }

    private static let notify = Statement(
        postgres: """
            SELECT pg_notify('\(PostgresFeed.hintChannel)', payload) FROM unnest($1::text[]) payload
            """,
        sqlite: "SELECT pg_notify('\(PostgresFeed.hintChannel)', p.value) FROM json_each($1) p")
}
