import ServiceLifecycle
import WritePath

/// Takes this replica's turns at what one replica does for all.
struct Upkeep: Service {
    let keeper: LogKeeper
    let stage: StartupStage

    func run() async throws {
        await withGracefulShutdownHandler {
            await stage.wait(for: .migrated)
            await cancelWhenGracefulShutdown { await keeper.run() }
        } onGracefulShutdown: {
            stage.reached(.migrated)
        }
    }
}
