import Postgres
import Synchronization
import TestSupport
import Testing

@Suite struct `A pool` {
    @Test func `shares its connections among many callers`() async throws {
        let pool = try await Database.pool(size: 4)
        defer { pool.shutdown() }
        let echo: Statement = "SELECT $1::bigint"
        try await withThrowingTaskGroup(of: Bool.self) { group in
            for number in Int64(0)..<500 {
                group.addTask {
                    try await pool.query(echo, [.int8(number)]).int64(0, 0) == number
                }
            }
            for try await isRight in group { #expect(isRight) }
        }
        let statistics = pool.statistics
        #expect(statistics.queriesExecuted == 500)
        #expect(statistics.open <= 4)
        #expect(statistics.leased == 0 && statistics.waiting == 0)
    }

    @Test func `lets a caller wait only so long`() async throws {
        let pool = Pool(
            configuration: try PostgresConfiguration(dsn: await Database.cluster().dsn()), size: 1,
            reactor: try Database.reactor.get(), acquireTimeout: .milliseconds(50), waitersMax: 1)
        defer { pool.shutdown() }
        // Opening the first connection may take longer than this caller would wait.
        try await Database.untilItWorks { try await pool.query("SELECT 1") }
        try await pool.withConnection { _ in
            await #expect(throws: PostgresError(.timeout, "")) { try await pool.query("SELECT 1") }
        }
        #expect(try await pool.query("SELECT 1").count == 1)
        #expect(pool.statistics.waiting == 0)
    }

    @Test func `lets a waiting caller go when it is cancelled`() async throws {
        let pool = try await Database.pool(size: 1)
        defer { pool.shutdown() }
        try await pool.withConnection { _ in
            let waiter = Task { try await pool.query("SELECT 1") }
            while pool.statistics.waiting == 0 { await Task.yield() }
            waiter.cancel()
            let result = await waiter.result
            #expect(throws: PostgresError(.cancelled, "")) { try result.get() }
        }
        #expect(try await pool.query("SELECT 1").count == 1)
    }

    @Test func `keeps a connection whose caller left until its answer has come`() async throws {
        let pool = try await Database.pool(size: 1)
        defer { pool.shutdown() }
        let process = try await pool.query("SELECT pg_backend_pid()").int64(0, 0)
        try await pool.withConnection { connection in
            try await Database.whileBlocked(connection) { $0.cancel() }
        }
        #expect(try await pool.query("SELECT pg_backend_pid()").int64(0, 0) == process)
    }

    @Test func `does not reuse a connection left inside a transaction`() async throws {
        let pool = try await Database.pool(size: 1)
        defer { pool.shutdown() }
        let first = try await pool.withConnection { connection in
            _ = try await connection.query("BEGIN")
            return try await connection.query("SELECT pg_backend_pid()").int64(0, 0)
        }
        #expect(try await pool.query("SELECT pg_backend_pid()").int64(0, 0) != first)
    }

    @Test func `refuses callers after shutdown`() async throws {
        let pool = try await Database.pool(size: 1)
        _ = try await pool.query("SELECT 1")
        pool.shutdown()
        await #expect(throws: PostgresError(.poolClosed, "")) { try await pool.query("SELECT 1") }
    }

    @Test func `fails at once while the server is away, and recovers`() async throws {
        let cluster = try await PostgresCluster.separate()
        let pool = Pool(
            configuration: try PostgresConfiguration(dsn: cluster.dsn()), size: 2,
            reactor: try Database.reactor.get())
        defer { pool.shutdown() }
        #expect(try await pool.query("SELECT 1").int64(0, 0) == 1)
        try await cluster.restart()
        // A dead idle connection costs a reading caller nothing.
        #expect(try await Database.untilItWorks { try await pool.query("SELECT 2") }.count == 1)
        try await cluster.stop()
        let start = ContinuousClock.now
        for _ in 0..<100 {
            let error = await #expect(throws: PostgresError.self) {
                try await pool.query("SELECT 1")
            }
            #expect(error?.isTransient ?? false)
        }
        #expect(ContinuousClock.now - start < .seconds(4))
        try await cluster.start()
        let rows = try await Database.untilItWorks { try await pool.query("SELECT 3") }
        #expect(try rows.int64(0, 0) == 3)
        try await cluster.stop()
    }
}

@Suite struct `A transaction` {
    private func table() async throws -> Pool {
        let pool = Pool(
            configuration: try await Database.configuration(), size: 4,
            reactor: try Database.reactor.get())
        try await pool.withConnection { connection in
            try await connection.execute(
                script: "CREATE TABLE t (id int PRIMARY KEY, n int);"
                    + "INSERT INTO t VALUES (1, 0), (2, 0)")
        }
        return pool
    }

    @Test func `is undone when its body throws`() async throws {
        struct Refusal: Error {}
        let pool = try await table()
        defer { pool.shutdown() }
        await #expect(throws: Refusal.self) {
            try await pool.transaction { connection in
                _ = try await connection.query("UPDATE t SET n = 1")
                throw Refusal()
            }
        }
        #expect(try await pool.query("SELECT sum(n) FROM t").int64(0, 0) == 0)
    }

    @Test func `does not claim to be committed after an error that the body hid`() async throws {
        let pool = try await table()
        defer { pool.shutdown() }
        let error = await #expect(throws: PostgresError.self) {
            try await pool.transaction { connection in
                _ = try await connection.query("UPDATE t SET n = 1")
                _ = try? await connection.query("SELECT 1 / 0")
            }
        }
        #expect(error?.sqlState == "25P02")
        #expect(try await pool.query("SELECT sum(n) FROM t").int64(0, 0) == 0)
    }

    @Test func `cannot write when it is for reading`() async throws {
        let pool = try await table()
        defer { pool.shutdown() }
        let error = await #expect(throws: PostgresError.self) {
            try await pool.transaction(isolation: .repeatableReadReadOnly) { connection in
                _ = try await connection.query("UPDATE t SET n = 1")
            }
        }
        #expect(error?.sqlState == "25006")
    }

    @Test func `that is cancelled is rolled back`() async throws {
        let pool = try await table()
        defer { pool.shutdown() }
        let updated = Gate(parties: 2)
        let cancelled = Gate(parties: 2)
        let task = Task {
            try await pool.transaction { connection in
                _ = try await connection.query("UPDATE t SET n = 1")
                await updated.arrive()
                await cancelled.arrive()
                _ = try await connection.query("UPDATE t SET n = 2")
            }
        }
        await updated.arrive()
        task.cancel()
        await cancelled.arrive()
        let result = await task.result
        #expect(throws: PostgresError(.cancelled, "")) { try result.get() }
        #expect(try await pool.query("SELECT sum(n) FROM t").int64(0, 0) == 0)
    }

    @Test func `is run again after a deadlock`() async throws {
        let pool = try await table()
        defer { pool.shutdown() }
        let runs = Counter()
        let gate = Gate(parties: 2)
        let update: @Sendable (Int64, Int64) async throws -> Void = { first, second in
            try await pool.transaction { connection in
                let statement: Statement = "UPDATE t SET n = n + 1 WHERE id = $1"
                let run = runs.next()
                _ = try await connection.query(statement, [.int8(first)])
                if run <= 2 { await gate.arrive() }
                _ = try await connection.query(statement, [.int8(second)])
            }
        }
        async let one: Void = update(1, 2)
        async let two: Void = update(2, 1)
        _ = try await (one, two)
        #expect(runs.value >= 3)
        #expect(try await pool.query("SELECT sum(n) FROM t").int64(0, 0) == 4)
    }

    @Test func `is run again after a serialization failure, even a wrapped one`() async throws {
        struct Wrapped: Error {}
        let pool = try await table()
        defer { pool.shutdown() }
        let runs = Counter()
        try await pool.transaction(isolation: .repeatableRead) { connection in
            _ = try await connection.query("SELECT n FROM t")
            if runs.next() == 1 {
                _ = try await pool.query("UPDATE t SET n = 5 WHERE id = 1")
            }
            do {
                _ = try await connection.query("UPDATE t SET n = n + 1 WHERE id = 1")
            } catch {
                throw Wrapped()
            }
        }
        #expect(runs.value == 2)
        #expect(try await pool.query("SELECT n FROM t WHERE id = 1").int64(0, 0) == 6)
    }
}

/// Counts from one.
private final class Counter: Sendable {
    private let count = Atomic<Int>(0)

    var value: Int { count.load(ordering: .relaxed) }

    func next() -> Int { count.wrappingAdd(1, ordering: .relaxed).newValue }
}

/// Lets nobody through before all have arrived.
private actor Gate {
    private var missing: Int
    private var waiting: [CheckedContinuation<Void, Never>] = []

    init(parties: Int) { missing = parties }

    func arrive() async {
        missing -= 1
        if missing == 0 {
            for continuation in waiting { continuation.resume() }
            waiting = []
        } else {
            await withCheckedContinuation { waiting.append($0) }
        }
    }
}
