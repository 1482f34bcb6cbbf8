import Postgres
import Synchronization

/// Claims by an advisory lock of a session of its own, with a row that says until when it stands.
///
/// The lock ends with the session, which Postgres may notice before the leader does. Whoever gets it
/// therefore waits until the row of the table `upkeep` is due, which the leader puts off by the lease
/// with each renewal; both times are the database's clock. The turn in the row is the number of the
/// term: a renewal that finds another one has lost, even where a pooler shares sessions. A session
/// that holds the lock and lets the row be overdue for a whole lease belongs to a process that stands
/// still, or is out of reach; it is ended.
final class PostgresLease: LeaseStore {
    private struct Session {
        let connection: Connection
        var hasLock = false
        var term: Int64?
    }

    private let configuration: PostgresConfiguration
    private let reactor: Reactor
    private let task: String
    private let leaseMs: Int64
    private let session = Mutex<Session?>(nil)

    init(
        configuration: PostgresConfiguration, reactor: Reactor, name: String,
        timing: ElectionTiming
    ) {
        self.configuration = configuration
        self.reactor = reactor
        task = "leader:\(name)"
        leaseMs = Int64(timing.lease / .milliseconds(1))
    }

    func acquire() async -> ElectionMachine.Outcome {
        do {
            let connection = try await open()
            if session.withLock({ $0?.hasLock }) != true {
                let locked = try await connection.query(Self.lock, [.text(task)]).bool(0, 0)
                guard locked else {
                    _ = try await connection.query(Self.evict, [.text(task), .int8(leaseMs)])
                    return .refused("another replica leads")
                }
                session.withLock { $0?.hasLock = true }
            }
            let rows = try await connection.query(Self.claim, [.text(task), .int8(leaseMs)])
            guard try rows.bool(0, 1), try rows.bool(0, 2) else {
                return .refused("the lease of the leader before is not over")
            }
            let term = try rows.int64(0, 0)
            session.withLock { $0?.term = term }
            return .held
        } catch {
            return await lost(error)
        }
    }

    func renew() async -> ElectionMachine.Outcome {
        guard let (connection, term) = claim() else { return .refused("no lease is held") }
        guard connection.isOpen else {
            await close()
            return .refused("the session has ended, and the lock with it")
        }
        do {
            let rows = try await connection.query(
                Self.renew, [.text(task), .int8(term), .int8(leaseMs)])
            return rows.count == 1 ? .held : .refused("another term has begun")
        } catch {
            if error.code == .cancelled { return .failed("\(error)") }
            let isLost = !connection.isOpen
            let outcome = await lost(error)
            // The lock went with the session.
            return isLost ? .refused("\(error)") : outcome
        }
    }

    func release() async {
        if let (connection, term) = claim() {
            _ = try? await connection.query(Self.release, [.text(task), .int8(term)])
        }
        await close()
    }

    func close() async {
        let ended = session.withLock { session in
            defer { session = nil }
            return session
        }
        await ended?.connection.close()
    }

    private func claim() -> (Connection, Int64)? {
        session.withLock { session in
            guard let session, let term = session.term else { return nil }
            return (session.connection, term)
        }
    }

    private func open() async throws(PostgresError) -> Connection {
        let known = session.withLock { $0?.connection }
        if let known, known.isOpen { return known }
        let connection = try await Connection.connect(configuration, reactor: reactor)
        session.withLock { $0 = Session(connection: connection) }
        return connection
    }

    /// Forgets a session that has ended; one that is only slow is kept.
    private func lost(_ error: any Error) async -> ElectionMachine.Outcome {
        if session.withLock({ $0?.connection.isOpen }) == false { await close() }
        return .failed("\(error)")
    }
}

extension PostgresLease {
    private static let lock: Statement = "SELECT pg_try_advisory_lock(hashtextextended($1, 0))"
    // A crash of the database empties the table, which is not logged: then nobody knows how long the
    // leader before believes in its claim, and the first one claims a turn only to wait for the next.
    private static let claim: Statement = """
        SELECT c.turn, c.claimed,
            c.turn > 1 OR clock_timestamp() - pg_postmaster_start_time()
                > $2::bigint * interval '1 millisecond'
        FROM catalog_claim($1, $2::bigint * interval '1 millisecond') c
        """
    private static let evict: Statement = """
        SELECT pg_terminate_backend(l.pid) FROM pg_locks l
        JOIN upkeep u ON u.task = $1
            AND u.due_at < clock_timestamp() - $2::bigint * interval '1 millisecond'
        WHERE l.locktype = 'advisory' AND l.granted AND l.objsubid = 1
            AND l.database = (SELECT d.oid FROM pg_database d WHERE d.datname = current_database())
            AND (l.classid::bigint << 32 | l.objid::bigint) = hashtextextended($1, 0)
        """
    private static let renew: Statement = """
        UPDATE upkeep SET due_at = clock_timestamp() + $3::bigint * interval '1 millisecond'
        WHERE task = $1 AND turn = $2::bigint RETURNING turn
        """
    private static let release: Statement = """
        UPDATE upkeep SET due_at = clock_timestamp() WHERE task = $1 AND turn = $2::bigint
        """
}
