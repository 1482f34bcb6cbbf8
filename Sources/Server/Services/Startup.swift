import CatalogModel
import Invalidation
import Postgres
import ServiceLifecycle
import Synchronization
import Telemetry
import WritePath

/// Brings the schema up to date, writes the configured sources to the store and has them loaded.
///
/// The server listens meanwhile and says that it is not ready. While Postgres does not answer, it
/// is asked again with growing pauses; a problem that waiting does not cure stops the server.
struct Startup: Service {
    let configuration: ServerConfiguration
    let migrator: Migrator
    let configured: ConfiguredSources
    let stage: StartupStage
    let observer: Observer
    let started: ContinuousClock.Instant

    func run() async throws {
        do {
            try await cancelWhenGracefulShutdown {
                try await migrate()
                stage.reached(.migrated)
                try await loadSources()
                stage.reached(.loaded)
            }
        } catch {
            // Told to stop while it waited: that is no failure.
            guard Task.isShuttingDownGracefully else { throw error }
        }
        // The other services go on; this one has nothing left to do.
        try? await gracefulShutdown()
    }

    private func migrate() async throws {
        var failures = 0
        while true {
            do throws(WriteError) {
                _ = try await migrator.run()
                return
            } catch {
                guard error.code == .databaseUnavailable else { throw error }
                observer.observe(.databaseDown(reason: error.message))
                stage.stuck(on: error.message)
                failures += 1
                try await Task.sleep(for: Self.pause(after: failures))
            }
        }
    }

    private func loadSources() async throws {
        var failures = 0
        var changed: Set<String> = []
        while true {
            do {
                changed.formUnion(try await configured.take())
                let synchronized = ContinuousClock.now
                await configured.management.directory.look()
                if configuration.jobsEnabled {
                    try await enqueueLoad(changed: changed, synchronized)
                } else {
                    await configured.loadAtOnce()
                }
                while try await configured.catalog.initialLoadState() == .pending {
                    try await Task.sleep(for: ServerLimits.loadStateInterval)
                }
                return
            } catch let error where Self.isOutage(error) {
                observer.observe(.databaseDown(reason: "\(error)"))
                failures += 1
                try await Task.sleep(for: Self.pause(after: failures))
            }
        }
    }

    /// Asks for a load of whatever may not have been loaded as it is now.
    ///
    /// What changed in the configuration is loaded anew. For the rest, a load that another replica
    /// asked for since this process began has read the same files.
    private func enqueueLoad(
        changed: Set<String>, _ synchronized: ContinuousClock.Instant
    ) async throws {
        let (catalog, queue) = (configured.catalog, configured.queue)
        _ = try await catalog.enqueueInitialLoad(
            queue, only: Array(changed), unlessAskedWithin: synchronized.duration(to: .now))
        _ = try await catalog.enqueueInitialLoad(
            queue, unlessAskedWithin: started.duration(to: .now))
    }

    /// Whether waiting may cure the error.
    private static func isOutage(_ error: any Error) -> Bool {
        if let error = error as? PostgresError { return error.isTransient }
        return (error as? RequestError)?.code == .unavailable
    }

    /// Full jitter between 50 ms and a bound that doubles up to 2 s.
    private static func pause(after failures: Int) -> Duration {
        let bound = min(2_000, 50 << min(failures, 6))
        return .milliseconds(Int.random(in: 50...max(51, bound)))
    }
}

/// How far the start has come; others wait for a stage, `/readyz` looks.
final class StartupStage: Sendable {
    enum Stage: Int, Comparable, Sendable {
        case starting, migrated, loaded

        static func < (left: Stage, right: Stage) -> Bool { left.rawValue < right.rawValue }
    }

    private struct State {
        var stage = Stage.starting
        var problem: String?
        var waiters: [(stage: Stage, continuation: CheckedContinuation<Void, Never>)] = []
    }

    private let state = Mutex(State())

    var current: Stage { state.withLock { $0.stage } }

    /// Why the database cannot be used yet, or nil when nothing is known to be wrong.
    var problem: String? { state.withLock { $0.problem } }

    /// The next stage has to wait for the database.
    func stuck(on problem: String) { state.withLock { $0.problem = problem } }

    func reached(_ stage: Stage) {
        let woken = state.withLock { state in
            state.stage = max(state.stage, stage)
            state.problem = nil
            let woken = state.waiters.filter { $0.stage <= stage }
            state.waiters.removeAll { $0.stage <= stage }
            return woken
        }
        for waiter in woken { waiter.continuation.resume() }
    }

    /// Returns once the stage is reached, or when everyone is let go by `reached(.loaded)`.
    func wait(for stage: Stage) async {
        await withCheckedContinuation { continuation in
            let isThere = state.withLock { state in
                if state.stage >= stage { return true }
                state.waiters.append((stage, continuation))
                return false
            }
            if isThere { continuation.resume() }
        }
    }
}
