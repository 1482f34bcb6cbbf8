import Postgres
import Synchronization

/// Sends the heartbeat when it is this replica's turn and judges the listening connection by it.
final class FeedPulse: Sendable {
    private let pool: Pool
    private let machine = Mutex(PulseMachine())
    private let wakes: AsyncStream<Void>
    private let waker: AsyncStream<Void>.Continuation

    init(pool: Pool) {
        self.pool = pool
        (wakes, waker) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    /// A connection listens; the next beat, sent at once, has to arrive on it.
    func connected() {
        machine.withLock { $0.connected(at: .now) }
        waker.yield()
    }

    func disconnected() {
        machine.withLock { $0.disconnected() }
    }

    /// A beat has arrived; returns true for the first one of a connection.
    func heard(_ beat: Heartbeat) -> Bool {
        machine.withLock { $0.heard(beat.number) }
    }

    func check() -> PulseMachine.Verdict {
        machine.withLock { $0.check(at: .now) }
    }

    /// Asks for the turn once a period, and after each connection, until cancelled.
    func beat() async {
        await withDiscardingTaskGroup { group in
            group.addTask {
                while !Task.isCancelled {
                    self.waker.yield()
                    try? await Task.sleep(for: FeedLimits.heartbeatInterval)
                }
            }
            for await _ in wakes { await beatOnce() }
            group.cancelAll()
        }
    }

    private func beatOnce() async {
        let asked = ContinuousClock.now
        let isProbe = machine.withLock { $0.needsProbe }
        do throws(PostgresError) {
            let rows = try await pool.query(
                Self.beat,
                [.int8(Int64(FeedLimits.heartbeatPeriod / .milliseconds(1))), .bool(isProbe)],
                timeout: FeedLimits.queryTimeout)
            guard let beat = try rows.optionalInt64(0, 0) else { return }
            let isOwn = try rows.bool(0, 1)
            machine.withLock {
                $0.committed(
                    UInt64(bitPattern: beat), isOwn: isOwn, askedAt: asked, at: .now)
            }
        } catch {
            // Without a beat there is nothing to miss; that the store is away shows elsewhere.
        }
    }

    private static let beat = Statement(
        postgres: """
            SELECT beat, sent FROM catalog_beat($1::bigint * interval '1 millisecond', $2::boolean)
            """,
        sqlite: """
            WITH one AS MATERIALIZED (SELECT catalog_beat($1, $2) AS number)
            SELECT abs(one.number) AS beat, one.number > 0 AS sent FROM one
            """)
}
