/// Decides what a pool does; pure: time and randomness come as arguments, deeds go out as actions.
struct PoolMachine {
    typealias ConnectionID = Int
    typealias WaiterID = Int

    enum Action: Equatable {
        /// Start opening a connection.
        case open
        /// Give the connection to the waiter.
        case grant(WaiterID, ConnectionID)
        case fail(WaiterID, PostgresError)
        case close(ConnectionID)
        /// Call `retryIsDue` at this time.
        case retry(at: ContinuousClock.Instant)
    }

    let size: Int
    let waitersMax: Int

    private(set) var idle: [ConnectionID] = []
    private(set) var leased: Set<ConnectionID> = []
    private(set) var opening = 0
    private(set) var isShutDown = false
    private var waiters = FIFO<WaiterID>()
    private var nextConnection = 0
    private var nextWaiter = 0
    /// Failed attempts in a row, the last error, and when the next attempt is due.
    private var failures = 0
    private var lastError = PostgresError(.connectFailed, "no connection to Postgres yet")
    private var isRetryScheduled = false

    init(size: Int, waitersMax: Int = Limits.poolWaiters) {
        precondition(size > 0 && waitersMax > 0)
        self.size = size
        self.waitersMax = waitersMax
    }

    var open: Int { idle.count + leased.count }
    var waiting: Int { waiters.count }

    /// A caller wants a connection; the id names it in later actions.
    mutating func acquire() -> (waiter: WaiterID, actions: [Action]) {
        nextWaiter += 1
        let waiter = nextWaiter
        if isShutDown { return (waiter, [.fail(waiter, PoolMachine.closed)]) }
        if let connection = idle.popLast() {
            leased.insert(connection)
            return (waiter, [.grant(waiter, connection)])
        }
        if isDown { return (waiter, [.fail(waiter, failedFast)]) }
        guard waiters.count < waitersMax else {
            let error = PostgresError(.poolExhausted, "too many callers wait for a connection")
            return (waiter, [.fail(waiter, error)])
        }
        waiters.append(waiter)
        return (waiter, grow())
    }

    /// A waiter left before it got anything.
    mutating func abandon(_ waiter: WaiterID) { waiters.removeAll { $0 == waiter } }

    /// An attempt succeeded; the id names the connection from now on.
    mutating func opened() -> (connection: ConnectionID, actions: [Action]) {
        precondition(opening > 0)
        opening -= 1
        failures = 0
        nextConnection += 1
        if isShutDown { return (nextConnection, [.close(nextConnection)]) }
        leased.insert(nextConnection)
        let id = nextConnection
        return (id, handOn(id) + grow())
    }

    /// An attempt failed; `jitter` is a random number from 0 to 1.
    mutating func openFailed(
        _ error: PostgresError, now: ContinuousClock.Instant, jitter: Double
    ) -> [Action] {
        precondition(opening > 0)
        opening -= 1
        failures += 1
        lastError = error
        guard !isShutDown else { return [] }
        let mustSchedule = !isRetryScheduled
        isRetryScheduled = true
        let actions = failWaitersIfDown()
        guard mustSchedule else { return actions }
        return actions + [.retry(at: now + Backoff.delay(failures: failures, jitter: jitter))]
    }

    /// The time of a `retry` action has come.
    mutating func retryIsDue() -> [Action] {
        isRetryScheduled = false
        guard !isShutDown, opening == 0, open < size else { return [] }
        opening += 1
        return [.open]
    }

    /// A lease ended and the connection is fit for the next.
    mutating func released(_ connection: ConnectionID) -> [Action] {
        guard leased.contains(connection) else { return [] }
        if isShutDown {
            leased.remove(connection)
            return [.close(connection)]
        }
        return handOn(connection)
    }

    /// A connection is gone or must go, whether idle or leased.
    mutating func discarded(_ connection: ConnectionID) -> [Action] {
        if leased.remove(connection) == nil {
            guard let index = idle.firstIndex(of: connection) else { return [] }
            idle.remove(at: index)
        }
        guard !isShutDown else { return [] }
        return failWaitersIfDown() + grow()
    }

    /// No more leases; leased connections are closed when they come back.
    mutating func shutDown() -> [Action] {
        isShutDown = true
        let actions = waiters.drain().map { Action.fail($0, PoolMachine.closed) }
        defer { idle = [] }
        return actions + idle.map { .close($0) }
    }

    /// Checks what must always hold.
    func checkInvariants() {
        precondition(open + opening <= size, "more connections than allowed")
        precondition(leased.isDisjoint(with: idle), "a connection is idle and leased")
        precondition(idle.isEmpty || waiters.isEmpty, "somebody waits beside an idle connection")
        precondition(waiters.isEmpty || open + opening > 0, "somebody waits for nothing")
    }

    private static let closed = PostgresError(.poolClosed, "the pool is shut down")

    /// No connection, none on its way, and the next attempt is due later.
    private var isDown: Bool { isRetryScheduled && open == 0 && opening == 0 }

    private var failedFast: PostgresError {
        PostgresError(.connectFailed, lastError.message, sqlState: lastError.sqlState)
    }

    /// Opens what the waiters need; a single attempt while attempts fail.
    private mutating func grow() -> [Action] {
        guard !isShutDown else { return [] }
        if failures > 0, opening > 0 || isRetryScheduled { return [] }
        let wanted = min(waiters.count - opening, size - open - opening)
        let count = failures > 0 ? min(1, wanted) : wanted
        guard count > 0 else { return [] }
        opening += count
        return Array(repeating: .open, count: count)
    }

    private mutating func handOn(_ connection: ConnectionID) -> [Action] {
        if let waiter = waiters.popFirst() { return [.grant(waiter, connection)] }
        leased.remove(connection)
        idle.append(connection)
        return []
    }

    private mutating func failWaitersIfDown() -> [Action] {
        guard isDown else { return [] }
        let error = failedFast
        return waiters.drain().map { .fail($0, error) }
    }
}

/// Delays between attempts: full jitter, so that many replicas do not come back at once.
enum Backoff {
    /// From zero to 50 ms, 100 ms, … 2 s; `jitter` is a random number from 0 to 1.
    static func delay(
        failures: Int, jitter: Double, minimum: Duration = Limits.backoffMinimum
    ) -> Duration {
        precondition(failures > 0 && jitter >= 0 && jitter <= 1)
        let doubled = minimum * (1 << min(failures - 1, 16))
        return min(doubled, Limits.backoffMaximum) * jitter
    }
}
