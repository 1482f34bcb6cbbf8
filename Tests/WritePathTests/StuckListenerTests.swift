import Foundation
import Postgres
import Telemetry
import TestSupport
import Testing

@testable import WritePath

@Suite("A replica that stands still", .manyTurns)
struct StuckListenerTests {
    /// The processes of Postgres that serve the sessions that listen.
    private func sessions(_ fixture: StoreFixture) async throws -> [Int64] {
        let rows = try await fixture.pool.query(
            """
            SELECT pid::bigint FROM pg_stat_activity WHERE datname = current_database()
                AND application_name = 'catalog-listener'
            """)
        return try (0..<rows.count).map { row throws(PostgresError) in try rows.int64(row, 0) }
    }

    @Test("does not fill the queue of notifications: its session is ended, and no other")
    func queue() async throws {
        let fixture = try await StoreFixture()
        var configuration = try PostgresConfiguration(dsn: fixture.dsn)
        configuration.applicationName = PostgresConfiguration.listenerName
        // A process that listens and is stopped: psql, as a replica would be.
        let stuck = Process()
        stuck.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        stuck.arguments = ["psql", "-qX", fixture.dsn]
        stuck.environment = ProcessInfo.processInfo.environment.merging(
            ["PGAPPNAME": PostgresConfiguration.listenerName]) { $1 }
        let input = Pipe()
        stuck.standardInput = input
        stuck.standardOutput = FileHandle.nullDevice
        try stuck.run()
        defer {
            kill(stuck.processIdentifier, SIGKILL)
            stuck.waitUntilExit()
        }
        try input.fileHandleForWriting.write(contentsOf: Data("LISTEN catalog_changes;\n".utf8))
        var session: Int64?
        while session == nil { session = try await sessions(fixture).first }
        let ended = try #require(session)
        kill(stuck.processIdentifier, SIGSTOP)
        let alive = Listener(
            configuration: configuration, channels: ["catalog_changes"],
            reactor: try StoreFixture.reactor.get())
        async let running: Void = alive.run()
        var options = UpkeepOptions()
        // Long enough for the session that is used to be heard of on a busy machine.
        options.listenerPatience = .seconds(8)
        let keeper = LogKeeper(
            pool: fixture.pool, observer: fixture.observations.observer, options: options)
        let upkeep = Task { await keeper.run() }
        // Notifications as under load, far more than the sockets take.
        var most = 0.0
        var round: Int64 = 0
        let end = ContinuousClock.now + .seconds(60)
        while fixture.observations.count(of: .listenersEnded) == 0, ContinuousClock.now < end {
            _ = try await fixture.pool.query(
                """
                SELECT pg_notify('catalog_changes', 'load:' || $1::int || ':' || n)
                FROM generate_series(1, 500) n
                """, [.int8(round)])
            let usage = try await fixture.pool.query(
                "SELECT (pg_notification_queue_usage() * 1e9)::bigint, pg_sleep(0.02)")
            most = max(most, Double(try usage.int64(0, 0)) / 1e9)
            round += 1
        }
        // A session that is told to end takes a moment.
        while try await sessions(fixture).contains(ended), ContinuousClock.now < end {}
        #expect(try await !sessions(fixture).contains(ended), "the stopped one has a session")
        #expect(fixture.observations.count(of: .listenersEnded) == 1)
        #expect(most < 0.01)
        print("the queue of notifications was \(most * 100) % full at the most")
        upkeep.cancel()
        alive.shutdown()
        await running
        await upkeep.value
    }
}
