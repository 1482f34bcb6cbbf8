import CatalogModel
package import Postgres
import Synchronization

/// Tells the other replicas where to look, after commit and outside the write's transaction.
///
/// A notifying transaction holds an instance-wide lock while it flushes, so hints of many writes
/// go out in one transaction that writes nothing. A lost hint costs freshness up to the next poll.
package final class HintPublisher: Sendable {
    private let pool: Pool
    private let pending = Mutex<[Namespace: Hint]>([:])
    private let wake: AsyncStream<Void>
    private let continuation: AsyncStream<Void>.Continuation

    /// The pool should be one connection of the publisher's own.
    package init(pool: Pool) {
        self.pool = pool
        (wake, continuation) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    /// Notes a committed revision; returns at once.
    package func publish(_ hint: Hint) {
        pending.withLock { pending in
            if let known = pending[hint.namespace], known.epochPrefix == hint.epochPrefix,
                known.revision >= hint.revision
            {
                return
            }
            pending[hint.namespace] = hint
        }
        continuation.yield()
    }

    /// Sends what is noted, at most once in `FeedLimits.notifyInterval`, until `stop`.
    package func run() async {
        for await _ in wake {
            await flush()
            try? await Task.sleep(for: FeedLimits.notifyInterval)
        }
        await flush()
    }

    package func stop() {
        continuation.finish()
    }

    private func flush() async {
        let hints = pending.withLock { pending in
            defer { pending = [:] }
            return Array(pending.values)
        }
        for start in stride(from: 0, to: hints.count, by: FeedLimits.notifyBatch) {
            let batch = hints[start..<min(start + FeedLimits.notifyBatch, hints.count)]
            // Nobody waits for a hint: the poll of each replica makes up for one that is lost.
            _ = try? await pool.query(
                Self.notify, [.textArray(batch.map(\.payload))], timeout: FeedLimits.queryTimeout)
        }
    }

    private static let notify = Statement(
        """
        SELECT pg_notify('\(PostgresFeed.hintChannel)', payload) FROM unnest($1::text[]) payload
        """)
}
