extension Connection {
    /// Opens a session; name resolution, TLS and login run on a short-lived thread.
    ///
    /// Throws `.connectFailed`, `.timeout` after the configuration's connect timeout, or `.cancelled`.
    package static func connect(
        _ configuration: PostgresConfiguration, reactor: Reactor,
        counter: StatementCounter? = nil
    ) async throws(PostgresError) -> Connection {
        let promise = open(configuration, reactor: reactor, counter: counter) { _ in }
        let cancelled = PostgresError(.cancelled, "the task was cancelled")
        return try await promise.value(cancelled: .failure(cancelled)).get()
    }

    /// Starts opening; the promise and then `finished` get the outcome, exactly once each.
    ///
    /// A connection that comes after the promise was taken (deadline, cancellation) is closed.
    @discardableResult
    static func open(
        _ configuration: PostgresConfiguration, reactor: Reactor, counter: StatementCounter?,
        finished: @escaping @Sendable (Result<Connection, PostgresError>) -> Void
    ) -> Promise<Result<Connection, PostgresError>> {
        let promise = Promise<Result<Connection, PostgresError>>()
        let settle: @Sendable (Result<Connection, PostgresError>) -> Bool = { outcome in
            guard promise.deliver(outcome) else { return false }
            finished(outcome)
            return true
        }
        let late = PostgresError(.timeout, "no connection to Postgres within the time allowed")
        let timer = reactor.schedule(at: .now + configuration.connectTimeout) {
            _ = settle(.failure(late))
        }
        let hasThread = HelperThread.start {
            if let embedded = configuration.embedded {
                reactor.cancel(timer)
                do throws(PostgresError) {
                    let connection = Connection(
                        try embedded.openSession(), configuration: configuration,
                        reactor: reactor, counter: counter)
                    if !settle(.success(connection)) { connection.closeSoon() }
                } catch {
                    _ = settle(.failure(error))
                }
                return
            }
            let outcome = configuration.openBlocking()
            reactor.cancel(timer)
            reactor.post {
                switch outcome {
                case .failure(let error): _ = settle(.failure(error))
                case .success(let wire):
                    let connection = Connection(
                        wire, configuration: configuration, reactor: reactor, counter: counter)
                    connection.assumeIsolated { $0.start() }
                    if !settle(.success(connection)) { connection.closeSoon() }
                }
            }
        }
        if !hasThread {
            reactor.cancel(timer)
            _ = settle(.failure(PostgresError(.connectFailed, "the system has no thread to give")))
        }
        return promise
    }
}
