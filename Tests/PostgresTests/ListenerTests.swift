import Glibc
import Postgres
import TestSupport
import Testing

@Suite struct `A listener` {
    /// Runs a listener for the length of the body.
    private func listening(
        _ configuration: PostgresConfiguration, channels: [String],
        _ body: (inout AsyncStream<Listener.Event>.AsyncIterator) async throws -> Void
    ) async throws {
        let listener = Listener(
            configuration: configuration, channels: channels, reactor: try Database.reactor.get())
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await listener.run() }
            var events = listener.events.makeAsyncIterator()
            try await body(&events)
            listener.shutdown()
            while await events.next(isolation: #isolation) != nil {}
            try await group.waitForAll()
        }
    }

    @Test func `hears what was sent after it was connected, in order`() async throws {
        let configuration = try await Database.configuration()
        let sender = try await Connection.connect(configuration, reactor: Database.reactor.get())
        try await listening(configuration, channels: ["one", "Two \"x\""]) { events in
            #expect(await events.next(isolation: #isolation) == .connected(generation: 1))
            for number in 0..<20 {
                _ = try await sender.query("SELECT pg_notify('one', $1)", [.text("\(number)")])
            }
            _ = try await sender.query("SELECT pg_notify('Two \"x\"', '')")
            for number in 0..<20 {
                let event = await events.next(isolation: #isolation)
                #expect(event == .notification(channel: "one", payload: "\(number)"))
            }
            #expect(
                await events.next(isolation: #isolation)
                    == .notification(channel: "Two \"x\"", payload: ""))
        }
    }

    @Test func `begins a new session when its own is ended`() async throws {
        let cluster = try await Database.cluster()
        let configuration = try await Database.configuration()
        let database = try #require(configuration.database)
        try await listening(configuration, channels: ["one"]) { events in
            var generation: UInt64 = 0
            for _ in 0..<3 {
                guard case .connected(let next) = await events.next(isolation: #isolation) else {
                    Issue.record("not connected")
                    return
                }
                #expect(next > generation)
                generation = next
                try await cluster.terminateBackends(database: database)
                guard case .disconnected(next, let error) = await events.next(isolation: #isolation)
                else {
                    Issue.record("not disconnected")
                    return
                }
                #expect(error.isTransient)
            }
            var event = await events.next(isolation: #isolation)
            while case .disconnected = event { event = await events.next(isolation: #isolation) }
            guard case .connected(let last) = event else {
                Issue.record("not connected again")
                return
            }
            #expect(last > generation)
        }
    }

    @Test func `notices a server that has stopped answering`() async throws {
        var configuration = try await Database.configuration()
        configuration.applicationName = "deaf listener"
        try await listening(configuration, channels: ["one"]) { events in
            #expect(await events.next(isolation: #isolation) == .connected(generation: 1))
            let observer = try await Database.connect()
            let process = try await observer.query(
                "SELECT pid FROM pg_stat_activity WHERE application_name = 'deaf listener'"
            ).int64(0, 0)
            #expect(kill(pid_t(process), SIGSTOP) == 0)
            defer { _ = kill(pid_t(process), SIGCONT) }
            guard case .disconnected(1, let error) = await events.next(isolation: #isolation) else {
                Issue.record("not disconnected")
                return
            }
            #expect(error.code == .timeout)
            #expect(await events.next(isolation: #isolation) == .connected(generation: 2))
        }
    }
}

@Suite struct `An advisory lock` {
    @Test func `is held by one at a time`() async throws {
        let configuration = try await Database.configuration()
        let reactor = try Database.reactor.get()
        let outer = try await AdvisoryLock.withAdvisoryLock(
            id: 7, configuration: configuration, reactor: reactor, timeout: .seconds(5)
        ) { connection in
            await #expect(throws: PostgresError(.timeout, "")) {
                try await AdvisoryLock.withAdvisoryLock(
                    id: 7, configuration: configuration, reactor: reactor,
                    timeout: .milliseconds(30)
                ) { _ in }
            }
            try await AdvisoryLock.withAdvisoryLock(
                id: 8, configuration: configuration, reactor: reactor, timeout: .seconds(5)
            ) { _ in }
            return try await connection.query("SELECT 1").int64(0, 0)
        }
        #expect(outer == 1)
        try await AdvisoryLock.withAdvisoryLock(
            id: 7, configuration: configuration, reactor: reactor, timeout: .seconds(5)
        ) { _ in }
    }
}
