import CatalogModel
import Synchronization
import TestSupport
import Testing

extension IntegrationTests {
    @Suite("SIGTERM under load")
    struct ShutdownTests {
        private static let writers = 4
        private static let readers = 4

        @Test("what was asked is answered, then the server ends and its cache is whole")
        func drain() async throws {
            // Each write waits in Postgres by itself, where the test can count them.
            let site = try await Deployment.make(
                environment: ["CATALOG_WRITE_GROUPING": "false"])
            let replica = try await site.replica()
            try await replica.upsert(.agents, (0..<200).map { ["name": .string("agent-\($0)")] })
            try await replica.warm([.agents])
            let signal = Moment()
            let blocker = Task {
                // Holds the namespace until it is told to end, so that writes wait in the server.
                try await site.sql("BEGIN; SELECT catalog_lock('default'); SELECT pg_sleep(60)")
            }
            try await eventually("the lock") {
                try await sessions(site, "wait_event = 'PgSleep'") == 1
            }
            let status = try await withThrowingTaskGroup(of: Void.self) { group in
                for number in 0..<Self.writers {
                    group.addTask {
                        let name = "late-\(number)"
                        let answer = try await replica.send(
                            "PUT", Kind.agents.entity(name), ["name": .string(name)])
                        #expect(answer.status == 201, "\(answer.text)")
                    }
                }
                for _ in 0..<Self.readers {
                    group.addTask { try await read(replica, until: signal) }
                }
                // Upkeep may wait for the namespace as well, by another statement.
                try await eventually("the waiting writes") {
                    try await sessions(
                        site, "wait_event_type = 'Lock' AND query LIKE '%FOR NO KEY UPDATE%'")
                        == Self.writers
                }
                signal.note()
                let end = Task { try await replica.server.terminate() }
                try await eventually("the closed port") {
                    (try? await replica.get("/livez")) == nil
                }
                try await site.sql(
                    "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity "
                        + "WHERE wait_event = 'PgSleep' AND datname = current_database()")
                _ = await blocker.result
                try await group.waitForAll()
                return try await end.value
            }
            #expect(status == 0)
            let noted = try #require(signal.noted)
            #expect(noted.duration(to: .now) < .seconds(30))

            try await replica.server.restart()
            try await replica.server.waitUntilReady()
            let list = try await replica.get(Kind.agents.whole)
            #expect(list.cache == "HIT")
            #expect(try list.names().count == 200 + Self.writers)
            #expect(replica.count(of: "cache_discarded") == 0)
            #expect(replica.count(of: "collection_loaded") == 0)
        }

        private func sessions(_ site: Deployment, _ condition: String) async throws -> Int {
            let text = try await site.sql(
                "SELECT count(*) FROM pg_stat_activity "
                    + "WHERE \(condition) AND datname = current_database()")
            return Int(text) ?? 0
        }

        /// Reads without pause on one connection; only what was asked at the signal or after may
        /// stay without an answer.
        private func read(_ replica: Replica, until signal: Moment) async throws {
            let connection = try await replica.client.connect()
            while !connection.isAtEnd, !Task.isCancelled {
                let began = ContinuousClock.now
                do {
                    let answer = try await connection.get(Kind.agents.whole)
                    #expect(answer.status == 200)
                } catch {
                    let noted = try #require(signal.noted, "\(error)")
                    #expect(began > noted - .milliseconds(20), "\(error)")
                    return
                }
            }
        }
    }
}

/// The instant at which something happened, for several tasks.
private final class Moment: Sendable {
    private let instant = Mutex<ContinuousClock.Instant?>(nil)

    var noted: ContinuousClock.Instant? { instant.withLock { $0 } }

    func note() { instant.withLock { $0 = .now } }
}
