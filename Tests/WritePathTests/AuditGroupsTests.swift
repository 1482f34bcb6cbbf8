import CatalogModel
import Postgres
import TestSupport
import Testing

@testable import WritePath

@Suite("Audit events outside writes", .manyTurns)
struct AuditGroupsTests {
    private func event(_ actor: String) -> AuditEvent {
        AuditEvent(namespace: "default", actor: actor, eventType: "t", outcome: .denied)
    }

    /// Records one event and, while its statement waits for the chain, others by tasks at once.
    private func whileTheChainIsHeld(
        _ fixture: StoreFixture, record others: [AuditEvent]
    ) async throws -> [RequestError?] {
        try await fixture.audit.record(event("earlier"))
        return try await withThrowingTaskGroup(of: (Int, RequestError?).self) { group in
            try await fixture.pool.withConnection { connection in
                _ = try await connection.query("BEGIN")
                _ = try await connection.query("SELECT FROM audit_chains FOR UPDATE")
                group.addTask { try await (-1, failure(event("first"), fixture)) }
                try await fixture.waitForBlocked()
                for (index, event) in others.enumerated() {
                    group.addTask { await (index, try failure(event, fixture)) }
                }
                while fixture.audit.waitingCount < others.count { await Task.yield() }
                _ = try await connection.query("COMMIT")
            }
            var failures = [RequestError?](repeating: nil, count: others.count)
            for try await (index, failure) in group where index >= 0 { failures[index] = failure }
            return failures
        }
    }

    private func failure(
        _ event: AuditEvent, _ fixture: StoreFixture
    ) async throws -> RequestError? {
        do throws(RequestError) {
            try await fixture.audit.record(event)
            return nil
        } catch {
            return error
        }
    }

    private func isSound(_ fixture: StoreFixture) async throws -> Bool {
        let chain = AuditChain(pool: fixture.pool, observer: fixture.observations.observer)
        return try await chain.verify(.default).isValid
    }

    @Test(.onPostgres) func thoseThatWaitShareStatements() async throws {
        let fixture = try await StoreFixture(poolSize: 4)
        let count = WriteLimits.auditGroup + 20
        let failures = try await whileTheChainIsHeld(
            fixture, record: (0..<count).map { event("a\($0)") })
        #expect(failures.allSatisfy { $0 == nil })
        #expect(
            try await fixture.row(
                "SELECT count(*) || '|' || count(DISTINCT xmin::text) FROM audit_events")
                == "\(count + 2)|4")
        #expect(try await isSound(fixture))
    }

    @Test(.onPostgres) func oneThatTheDatabaseRefusesTakesNoOtherAlong() async throws {
        let fixture = try await StoreFixture(poolSize: 4)
        // Too long for the index, however well it is packed.
        let endless = (0..<400).map { _ in AuditLog.randomUUID() }.joined()
        let failures = try await whileTheChainIsHeld(
            fixture, record: [event("a"), event(endless), event("b")])
        #expect(failures.map { $0 == nil } == [true, false, true])
        #expect(try await fixture.row("SELECT count(*) FROM audit_events") == "4")
        #expect(try await isSound(fixture))
    }

    @Test func aChainIsCheckedOnceAtATime() async throws {
        let fixture = try await StoreFixture(poolSize: 1)
        let chain = AuditChain(pool: fixture.pool, observer: fixture.observations.observer)
        let other = try Namespace("other")
        let third = try Namespace("third")
        try await withThrowingTaskGroup(of: Bool.self) { group in
            try await fixture.pool.withConnection { _ in
                group.addTask { try await chain.verify(.default).isValid }
                while chain.checks < 1 { await Task.yield() }
                await #expect(throws: RequestError(.tooManyRequests, "")) {
                    try await chain.verify(.default)
                }
                group.addTask { try await chain.verify(other).isValid }
                while chain.checks < WriteLimits.chainChecks { await Task.yield() }
                await #expect(throws: RequestError(.tooManyRequests, "")) {
                    try await chain.verify(third)
                }
            }
            for try await isValid in group { #expect(isValid) }
        }
        #expect(chain.checks == 0)
        #expect(try await chain.verify(third).isValid)
    }
}
