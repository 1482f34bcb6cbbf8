import Postgres
import TestSupport
import Testing

@Suite struct `Injected failures` {
    @Test func `at every send and receive leave no waiter behind and the pool usable`() async throws
    {
        var configuration = try await Database.configuration()
        let reactor = try Database.reactor.get()
        let clean = Pool(configuration: configuration, size: 1, reactor: reactor)
        defer { clean.shutdown() }
        try await clean.withConnection {
            try await $0.execute(script: "CREATE TABLE t (n bigint)")
        }
        var failing = 0
        while true {
            failing += 1
            let plan = FaultPlan(failing: failing)
            configuration.faults = plan
            let pool = Pool(configuration: configuration, size: 2, reactor: reactor)
            await work(on: pool, number: Int64(failing))
            // Whatever was hit, the next caller gets an answer.
            #expect(try await pool.query("SELECT 1").int64(0, 0) == 1)
            pool.shutdown()
            guard plan.hasStruck else { break }
        }
        #expect(failing > 20)
        // A transaction took effect wholly or not at all.
        let halves = try await clean.query(
            "SELECT count(*) FROM (SELECT n FROM t GROUP BY n HAVING count(*) <> 2) AS halves")
        #expect(try halves.int64(0, 0) == 0)
    }

    /// Some of everything, ignoring errors but those of no known kind.
    private func work(on pool: Pool, number: Int64) async {
        await withTaskGroup(of: Void.self) { group in
            group.addTask {
                await tolerate { _ = try await pool.query("SELECT $1::bigint", [1]) }
            }
            group.addTask {
                await tolerate {
                    try await pool.transaction { connection in
                        let insert: Statement = "INSERT INTO t VALUES ($1)"
                        _ = try await connection.query(insert, [.int8(number)])
                        _ = try await connection.pipeline([
                            (insert, [.int8(number)]), ("SELECT 2", []),
                        ])
                    }
                }
            }
            group.addTask {
                await tolerate {
                    try await pool.withConnection { try await $0.execute(script: "SELECT 1") }
                }
            }
        }
    }

    private func tolerate(_ body: () async throws -> Void) async {
        do {
            try await body()
        } catch let error as PostgresError {
            #expect(error.code == .connectionLost)
        } catch {
            Issue.record(error)
        }
    }
}
