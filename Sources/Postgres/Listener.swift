import Synchronization

/// Keeps one dedicated session that listens on channels, and says when it is deaf.
///
/// Run it in a service and read `events` at once. Events may be lost only between sessions or
/// when the reader falls far behind, and then a new session with a higher generation begins: whoever
/// sees `connected` must look at the tables once.
package final class Listener: Sendable {
    package enum Event: Sendable, Equatable {
        /// LISTEN is committed; later notifications will arrive.
        case connected(generation: UInt64)
        case notification(channel: String, payload: String)
        case disconnected(generation: UInt64, PostgresError)
    }

    /// What happens, in order; for one reader.
    package let events: AsyncStream<Event>

    private let configuration: PostgresConfiguration
    private let channels: [String]
    private let reactor: Reactor
    private let pingInterval: Duration
    private let pingTimeout: Duration
    private let continuation: AsyncStream<Event>.Continuation
    private let stopped = Promise<Void>()
    private let session = Mutex<Connection?>(nil)
    /// What the present pause waits for.
    private let waking = Mutex<Promise<Void>?>(nil)

    /// Prepares a listener; nothing happens before `run`.
    package init(
        configuration: PostgresConfiguration, channels: [String], reactor: Reactor,
        pingInterval: Duration = Limits.pingInterval, pingTimeout: Duration = Limits.pingTimeout
    ) {
        precondition(!channels.isEmpty && channels.allSatisfy { !$0.isEmpty })
        self.configuration = configuration
        self.channels = channels
        self.reactor = reactor
        self.pingInterval = pingInterval
        self.pingTimeout = pingTimeout
        (events, continuation) = AsyncStream.makeStream(
            bufferingPolicy: .bufferingNewest(Limits.listenerEvents))
    }

    /// Listens until `shutdown` or cancellation, then ends the stream; call it once.
    package func run() async {
        var generation: UInt64 = 0
        var failures = 0
        while !isStopped {
            generation += 1
            do throws(PostgresError) {
                let connection = try await open(generation)
                failures = 0
                yield(.connected(generation: generation))
                let reason = await watch(connection)
                yield(.disconnected(generation: generation, reason))
            } catch {
                yield(.disconnected(generation: generation, error))
            }
            failures += 1
            guard !isStopped else { break }
            await pause(Backoff.delay(failures: failures, jitter: .random(in: 0...1)))
        }
        session.withLock { $0.take() }?.closeSoon()
        continuation.finish()
    }

    /// Ends `run` and closes the session.
    package func shutdown() {
        stopped.deliver(())
        wakeUp()
        session.withLock { $0 }?.closeSoon()
    }

    /// Ends the present session, so that a new one begins; for one that is up but deaf.
    package func reconnect() {
        session.withLock { $0 }?.closeSoon()
    }

    private var isStopped: Bool { stopped.isDelivered || Task.isCancelled }

    /// Opens a session and listens; all channels in one transaction.
    private func open(_ generation: UInt64) async throws(PostgresError) -> Connection {
        let connection = try await Connection.connect(configuration, reactor: reactor)
        session.withLock { $0 = connection }
        guard !isStopped else {
            await connection.close()
            throw PostgresError(.cancelled, "the listener was stopped")
        }
        await connection.setNotificationHandler { [weak self] channel, payload in
            self?.yield(.notification(channel: channel, payload: payload))
        }
        let listens = channels.map { channel in
            Query(Statement("LISTEN \"\(channel.replacing("\"", with: "\"\""))\""))
        }
        do throws(PostgresError) {
            _ = try await connection.pipeline(listens, timeout: configuration.connectTimeout)
        } catch {
            await connection.close()
            throw error
        }
        return connection
    }

    private static let ping: Statement = "SELECT pg_notification_queue_usage()"

    /// Waits until the session ends or a ping finds it dead; returns why.
    private func watch(_ connection: Connection) async -> PostgresError {
        let closed = Promise<PostgresError>()
        await connection.onClose { [weak self] error in
            closed.deliver(error)
            self?.wakeUp()
        }
        while true {
            await pause(pingInterval) { closed.isDelivered }
            guard !closed.isDelivered, !isStopped else { break }
            do throws(PostgresError) {
                try await connection.query(Listener.ping, timeout: pingTimeout)
            } catch {
                await connection.close()
                if !isStopped { return error }
            }
        }
        await connection.close()
        return await closed.value(cancelled: PostgresError(.cancelled, "the listener was stopped"))
    }

    /// Waits for some time, or until woken and the listener is stopped or `isOver` is true.
    private func pause(_ duration: Duration, unless isOver: () -> Bool = { false }) async {
        let wake = Promise<Void>()
        waking.withLock { $0 = wake }
        // Looked at after `wake` is in place, so that no call of `wakeUp` falls in between.
        guard !isStopped, !isOver() else { return }
        let timer = reactor.schedule(at: .now + duration) { wake.deliver(()) }
        await wake.wait()
        reactor.cancel(timer)
    }

    private func wakeUp() { waking.withLock { $0 }?.deliver(()) }

    /// Hands an event on; when the buffer is full, the session ends so that the reader starts afresh.
    private func yield(_ event: Event) {
        if case .dropped = continuation.yield(event) {
            session.withLock { $0 }?.closeSoon()
        }
    }
}
