import Postgres
import TestSupport
import Testing

@Suite struct `A connection` {
    @Test func `answers many tasks at once, each with its own answer`() async throws {
        let connection = try await Database.connect()
        let echo: Statement = "SELECT $1::bigint"
        try await withThrowingTaskGroup(of: Bool.self) { group in
            for number in Int64(0)..<2_000 {
                group.addTask {
                    try await connection.query(echo, [.int8(number)]).int64(0, 0) == number
                }
            }
            for try await isRight in group { #expect(isRight) }
        }
    }

    @Test func `keeps an error to its own segment`() async throws {
        let connection = try await Database.connect()
        async let first = connection.query("SELECT 1")
        async let broken = Database.failure { try await connection.query("SELECT 1 / 0") }
        async let last = connection.query("SELECT 3")
        let answers = try await (first, broken, last)
        #expect(try answers.0.int64(0, 0) == 1)
        #expect(answers.1?.sqlState == "22012")
        #expect(try answers.2.int64(0, 0) == 3)
    }

    @Test func `runs a segment as one transaction`() async throws {
        let connection = try await Database.connect()
        try await connection.execute(script: "CREATE TEMP TABLE t (a int PRIMARY KEY)")
        let insert: Statement = "INSERT INTO t VALUES ($1)"
        let error = await #expect(throws: PostgresError.self) {
            try await connection.pipeline([(insert, [1]), (insert, [1]), ("SELECT 1", [])])
        }
        #expect(error?.sqlState == "23505")
        #expect(try await connection.query("SELECT count(*) FROM t").int64(0, 0) == 0)
        let answers = try await connection.pipeline([
            (insert, [1]), ("SELECT count(*) FROM t", []), (insert, [2]),
        ])
        #expect(answers.count == 3)
        #expect(try answers[1].int64(0, 0) == 1)
    }

    @Test func `runs scripts between statements`() async throws {
        let connection = try await Database.connect()
        async let before = connection.query("SELECT 1")
        async let script: Void = connection.execute(
            script: "CREATE TEMP TABLE a (x int); INSERT INTO a VALUES (1), (2);")
        let answers = try await (before, script)
        #expect(try answers.0.int64(0, 0) == 1)
        #expect(try await connection.query("SELECT count(*) FROM a").int64(0, 0) == 2)
        await #expect(throws: PostgresError(.server, "")) {
            try await connection.execute(script: "INSERT INTO a VALUES (3); SELECT nonsense;")
        }
        #expect(try await connection.query("SELECT count(*) FROM a").int64(0, 0) == 2)
    }

    @Test func `refuses COPY by ending the session`() async throws {
        let connection = try await Database.connect()
        await #expect(throws: PostgresError(.connectionLost, "")) {
            try await connection.execute(script: "COPY pg_class TO STDOUT")
        }
        #expect(!connection.isOpen)
    }

    @Test func `prepares again what the server has forgotten`() async throws {
        let connection = try await Database.connect()
        let statement: Statement = "SELECT 41 + 1"
        #expect(try await connection.query(statement).int64(0, 0) == 42)
        try await connection.execute(script: "DEALLOCATE ALL")
        #expect(try await connection.query(statement).int64(0, 0) == 42)
    }

    @Test func `takes another name when its name is taken`() async throws {
        let connection = try await Database.connect()
        try await connection.execute(script: "PREPARE taken AS SELECT 1")
        let statement = Statement("SELECT 2", name: "taken")
        #expect(try await connection.query(statement).int64(0, 0) == 2)
    }

    @Test func `prepares again when a column was added`() async throws {
        let connection = try await Database.connect()
        try await connection.execute(
            script: "CREATE TEMP TABLE t (a int); INSERT INTO t VALUES (1)")
        let statement: Statement = "SELECT * FROM t"
        #expect(try await connection.query(statement).columnCount == 1)
        try await connection.execute(script: "ALTER TABLE t ADD b int")
        #expect(try await connection.query(statement).columnCount == 2)
    }

    @Test func `works without prepared statements`() async throws {
        var configuration = try await Database.configuration()
        configuration.usesPreparedStatements = false
        let connection = try await Connection.connect(
            configuration, reactor: Database.reactor.get())
        #expect(try await connection.query("SELECT $1::bigint + 1", [1]).int64(0, 0) == 2)
        let prepared = try await connection.query("SELECT count(*) FROM pg_prepared_statements")
        #expect(try prepared.int64(0, 0) == 0)
    }

    @Test func `is closed by a missed deadline, and says so to each waiter`() async throws {
        let connection = try await Database.connect()
        async let slow = Database.failure {
            try await connection.query("SELECT pg_sleep(20)", timeout: .milliseconds(50))
        }
        async let behind = Database.failure {
            // Sent behind the slow one, or refused when that is over already.
            try await connection.query("SELECT pg_sleep(20), 2", timeout: .seconds(20))
        }
        let errors = await (slow, behind)
        #expect(errors.0 != nil && errors.1 != nil)
        #expect(errors.0?.code == .timeout)
        #expect(!connection.isOpen)
        await #expect(throws: PostgresError(.connectionLost, "")) {
            try await connection.query("SELECT 1")
        }
    }

    @Test func `stays in step when callers leave`() async throws {
        let connection = try await Database.connect()
        try await Database.whileBlocked(connection) { slow in slow.cancel() }
        #expect(try await connection.query("SELECT 2").int64(0, 0) == 2)
        #expect(connection.isOpen)
    }

    @Test func `tells the waiter when its backend is terminated`() async throws {
        let connection = try await Database.connect()
        let process = try await connection.query("SELECT pg_backend_pid()").int64(0, 0)
        async let slow = Database.failure { try await connection.query("SELECT pg_sleep(20)") }
        try await Database.wait(
            until: """
                SELECT state = 'active' AND pg_terminate_backend(pid) FROM pg_stat_activity
                WHERE pid = $1
                """, [.int8(process)])
        let error = await slow
        #expect(error?.isTransient ?? false)
        #expect(!connection.isOpen)
    }

    @Test func `ends its session when it is dropped`() async throws {
        let process = try await Database.connect().query("SELECT pg_backend_pid()").int64(0, 0)
        try await Database.wait(
            until: "SELECT NOT EXISTS (SELECT FROM pg_stat_activity WHERE pid = $1)",
            [.int8(process)])
    }
}
