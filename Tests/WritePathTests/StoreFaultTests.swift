import CatalogModel
import Postgres
import Telemetry
import TestSupport
import Testing

@testable import WritePath

@Suite("Writes when things break", .manyTurns)
struct StoreFaultTests {
    /// Breaks the n-th call on the connection, for every n, and looks whether all or nothing is there.
    @Test(arguments: [false, true]) func brokenConnectionLeavesAllOrNothing(
        hasKey: Bool
    ) async throws {
        let clean = try await StoreFixture(poolSize: 2)
        var written = 0
        var failures = 0
        for number in 1...500 {
            let plan = FaultPlan(failing: number)
            let dsn = clean.dsn + " application_name=breaking"
            let fixture = try StoreFixture(dsn: dsn, poolSize: 1, faults: plan)
            let operation = EntityCommand.Operation.create(["name": .string("n\(number)")])
            let key = hasKey ? "k\(number)" : nil
            let error = try await fixture.failure(operation, key: key)
            fixture.pool.shutdown()
            try await clean.waitForEnd(ofSessionsNamed: "breaking")
            let name = try await clean.row(
                "SELECT count(*) FROM entities WHERE name = 'n\(number)'")
            if let error {
                failures += 1
                #expect(error.code == .unavailable)
                if error.details["outcome"] == nil { #expect(name == "0") }
            } else {
                #expect(name == "1")
            }
            if hasKey, error != nil {
                // The same request again finds out, and has its effect once.
                #expect(try await clean.run(operation, key: key).status == .created)
                written += 1
            } else {
                written += Int(name) ?? 0
            }
            let count = "\(written)|\(written)|\(written)|\(written)"
            #expect(try await clean.census() == count)
            guard plan.hasStruck else { break }
            try #require(number < 500, "the loop ends when no call is left to break")
        }
        #expect(written > 1)
        #expect(failures > 0)
    }

    @Test func backendThatIsTerminatedInTheTransactionLeavesNothing() async throws {
        let fixture = try await StoreFixture(poolSize: 3)
        try await fixture.pool.withConnection { holder in
            _ = try await holder.pipeline([
                Query("BEGIN"), Query("SELECT FROM namespaces WHERE name = 'default' FOR UPDATE"),
            ])
            async let failure = fixture.failure(.create(["name": "a"]), key: "k")
            for _ in 0..<2 {
                let blocked = try await fixture.waitForBlocked()
                _ = try await fixture.row("SELECT pg_terminate_backend(\(blocked), 5000)")
            }
            #expect(try await failure?.code == .unavailable)
            _ = try await holder.query("ROLLBACK")
        }
        #expect(fixture.observations.count(of: .writeFailed) == 1)
        #expect(try await fixture.census() == "0|0|0|0")
        #expect(try await fixture.row("SELECT count(*) FROM idempotency_keys") == "0")
        #expect(try await fixture.run(.create(["name": "a"]), key: "k").status == .created)
    }

    @Test func deadSessionOfThePoolCostsNoWrite() async throws {
        let fixture = try await StoreFixture(poolSize: 2)
        try await fixture.run(.create(["name": "a"]))
        let database = try #require(PostgresConfiguration(dsn: fixture.dsn).database)
        try await PostgresCluster.shared().terminateBackends(database: database)
        #expect(try await fixture.run(.create(["name": "b"])).head.revision == Revision(2))
    }

    @Test func staleStatementCostsNoWrite() async throws {
        let fixture = try await StoreFixture(poolSize: 1)
        try await fixture.run(.create(["name": "a"]))
        for name in [NamespaceRow.lock.name, NamespaceRow.read.name] {
            _ = try await fixture.pool.query(Statement("DEALLOCATE \"\(name)\""))
        }
        try await fixture.run(.create(["name": "b"]))
        #expect(try await fixture.census() == "2|2|2|2")
    }

    @Test func unreachableDatabaseIsUnavailableAndObserved() async throws {
        let fixture = try StoreFixture(dsn: "host=/nowhere dbname=x", poolSize: 1, faults: nil)
        let error = try await fixture.failure(.create(["name": "a"]))
        #expect(error?.code == .unavailable)
        #expect(fixture.observations.count(of: .writeFailed) == 1)
        let namespace = Namespace.default
        await #expect(throws: RequestError.unavailable("")) {
            try await fixture.audit.list(namespace: namespace)
        }
    }

    @Test func cancelledWriteIsWholeOrAbsentAndThePoolStaysUsable() async throws {
        let fixture = try await StoreFixture(poolSize: 2)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<20 {
                group.addTask {
                    _ = try? await fixture.run(.create(["name": .string("n\(number)")]))
                }
            }
            try await group.next()
            group.cancelAll()
        }
        try await fixture.run(.create(["name": "last"]))
        let counts = try await fixture.census().split(separator: "|")
        #expect(counts[0] == counts[1] && counts[2] == counts[3])
        #expect(try await fixture.isSound())
    }
}

extension StoreFixture {
    /// Returns when the server has ended all sessions of the name: what they sent has had its effect.
    func waitForEnd(ofSessionsNamed name: String) async throws {
        while true {
            let open = try await row(
                """
                SELECT count(*) FROM pg_stat_activity
                WHERE datname = current_database() AND application_name = '\(name)'
                """)
            if open == "0" { return }
            try Task.checkCancellation()
            await Task.yield()
        }
    }
}
