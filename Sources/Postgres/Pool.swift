import Synchronization

/// A bounded set of connections, opened on demand and shared by leases.
///
/// While Postgres is down, calls fail at once with `.connectFailed` and a single attempt after
/// each delay looks whether it is back. Callers that wait are bounded in number and in time.
package final class Pool: Sendable {
    /// A look at the pool at one moment.
    package struct Statistics: Sendable, Equatable {
        package var open: Int
        package var idle: Int
        package var leased: Int
        package var waiting: Int
        /// Statements sent on all connections since the start.
        package var queriesExecuted: Int
    }

    typealias Grant = Result<Lease, PostgresError>

    struct Lease: Sendable {
        let id: PoolMachine.ConnectionID
        let connection: Connection
    }

    private struct State {
        var machine: PoolMachine
        var connections: [PoolMachine.ConnectionID: Connection] = [:]
        var waiters: [PoolMachine.WaiterID: Promise<Grant>] = [:]
    }

    package let configuration: PostgresConfiguration
    package let acquireTimeout: Duration
    private let reactor: Reactor
    private let counter = StatementCounter()
    private let state: Mutex<State>

    /// Makes a pool that opens its first connection when it is first used.
    package init(
        configuration: PostgresConfiguration, size: Int, reactor: Reactor,
        acquireTimeout: Duration = Limits.acquireTimeout, waitersMax: Int = Limits.poolWaiters
    ) {
        self.configuration = configuration
        self.reactor = reactor
        self.acquireTimeout = acquireTimeout
        state = Mutex(State(machine: PoolMachine(size: size, waitersMax: waitersMax)))
    }

    package var statistics: Statistics {
        state.withLock { state in
            Statistics(
                open: state.machine.open, idle: state.machine.idle.count,
                leased: state.machine.leased.count, waiting: state.machine.waiting,
                queriesExecuted: counter.value)
        }
    }

    /// Refuses new leases and closes connections as they become free.
    package func shutdown() { perform { $0.shutDown() } }

    // MARK: Leases

    /// Lends a connection to the body alone.
    ///
    /// A connection that comes back inside a transaction block or broken is not used again.
    @discardableResult
    package func withConnection<R>(_ body: (Connection) async throws -> R) async throws -> R {
        let lease = try await acquire()
        defer { giveBack(lease) }
        return try await body(lease.connection)
    }

    /// Runs a single reading statement, once more if its connection turns out to be dead.
    package func query(
        _ statement: Statement, _ parameters: [Parameter] = [], timeout: Duration? = nil
    ) async throws(PostgresError) -> Rows {
        do throws(PostgresError) {
            return try await queryOnce(statement, parameters, timeout)
        } catch {
            guard error.isLostConnection else { throw error }
            return try await queryOnce(statement, parameters, timeout)
        }
    }

    private func queryOnce(
        _ statement: Statement, _ parameters: [Parameter], _ timeout: Duration?
    ) async throws(PostgresError) -> Rows {
        let lease = try await acquire()
        defer { giveBack(lease) }
        return try await lease.connection.query(statement, parameters, timeout: timeout)
    }

    /// Leases a connection; throws `.timeout`, `.poolExhausted`, `.connectFailed` or `.cancelled`.
    func acquire() async throws(PostgresError) -> Lease {
        while true {
            let lease = try await acquireAny()
            if lease.connection.isOpen { return lease }
            perform { $0.discarded(lease.id) }
        }
    }

    private func acquireAny() async throws(PostgresError) -> Lease {
        let promise = Promise<Grant>()
        let waiter = perform { state in
            let (waiter, actions) = state.machine.acquire()
            state.waiters[waiter] = promise
            return (waiter, actions)
        }
        var timer: TimerHeap.ID?
        if !promise.isDelivered {
            let late = PostgresError(.timeout, "no connection became free in time")
            timer = reactor.schedule(at: .now + acquireTimeout) { promise.deliver(.failure(late)) }
        }
        let cancelled = PostgresError(.cancelled, "the task was cancelled")
        let grant = await promise.value(cancelled: .failure(cancelled))
        if let timer { reactor.cancel(timer) }
        if case .failure = grant {
            state.withLock { state in
                state.waiters[waiter] = nil
                state.machine.abandon(waiter)
            }
        }
        return try grant.get()
    }

    /// Takes a connection back once everything on it has been answered.
    func giveBack(_ lease: Lease) {
        let flags = lease.connection.flags.withLock { $0 }
        if flags.isClean { return perform { $0.released(lease.id) } }
        reactor.post {
            lease.connection.assumeIsolated { connection in
                connection.onIdle {
                    if connection.flags.withLock({ $0.isClean }) {
                        self.perform { $0.released(lease.id) }
                    } else {
                        connection.closeSoon()
                        self.perform { $0.discarded(lease.id) }
                    }
                }
            }
        }
    }

    // MARK: Actions

    private func perform(_ change: @Sendable (inout PoolMachine) -> [PoolMachine.Action]) {
        perform { state in ((), change(&state.machine)) }
    }

    /// Changes the state and carries out what the machine wants, that outside the lock.
    private func perform<R: Sendable>(
        _ change: @Sendable (inout State) -> (R, [PoolMachine.Action])
    ) -> R {
        let (value, deeds) = state.withLock { state -> (R, [@Sendable () -> Void]) in
            let (value, actions) = change(&state)
            return (value, actions.map { prepare($0, &state) })
        }
        for deed in deeds { deed() }
        return value
    }

    /// Looks up what an action needs while the lock is held; the result runs without it.
    private func prepare(_ action: PoolMachine.Action, _ state: inout State) -> @Sendable () -> Void
    {
        switch action {
        case .open:
            return { self.open() }
        case .retry(let time):
            return {
                _ = self.reactor.schedule(at: time) { [weak self] in
                    self?.perform { $0.retryIsDue() }
                }
            }
        case .close(let id):
            let connection = state.connections.removeValue(forKey: id)
            return { connection?.closeSoon() }
        case .fail(let waiter, let error):
            let promise = state.waiters.removeValue(forKey: waiter)
            return { promise?.deliver(.failure(error)) }
        case .grant(let waiter, let id):
            let promise = state.waiters.removeValue(forKey: waiter)
            guard let connection = state.connections[id] else {
                // Lost between the decision and now: its `onClose` has removed it already.
                let error = PostgresError(.connectionLost, "the connection broke when leased")
                return { promise?.deliver(.failure(error)) }
            }
            return {
                let isTaken =
                    promise?.deliver(.success(Lease(id: id, connection: connection))) ?? false
                if !isTaken { self.perform { $0.released(id) } }
            }
        }
    }

    private func open() {
        Connection.open(configuration, reactor: reactor, counter: counter) { outcome in
            switch outcome {
            case .failure(let error):
                self.perform {
                    $0.openFailed(error, now: .now, jitter: Double.random(in: 0...1))
                }
            case .success(let connection):
                let id = self.perform { state in
                    let (id, actions) = state.machine.opened()
                    state.connections[id] = connection
                    return (id, actions)
                }
                self.forgetWhenClosed(connection, id)
            }
        }
    }

    private func forgetWhenClosed(_ connection: Connection, _ id: PoolMachine.ConnectionID) {
        reactor.post {
            connection.assumeIsolated { connection in
                connection.onClose { [weak self] _ in
                    self?.perform { state in
                        state.connections[id] = nil
                        return ((), state.machine.discarded(id))
                    }
                }
            }
        }
    }
}
