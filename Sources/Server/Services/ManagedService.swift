import ServiceLifecycle

/// Makes a service of something that runs until it is told to stop.
struct ManagedService: Service {
    /// Runs until `stop` is called.
    let body: @Sendable () async throws -> Void
    /// Makes `body` return; called once upon a graceful shutdown.
    let stop: @Sendable () -> Void

    func run() async throws {
        try await withGracefulShutdownHandler {
            try await body()
        } onGracefulShutdown: {
            stop()
        }
    }
}
