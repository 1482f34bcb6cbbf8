import ServiceLifecycle
import Telemetry

/// Takes part in the election and runs what only a leader does, for as long as this replica leads.
///
/// A leader that loses the lease ends its duties before the lease ends, and campaigns again. Upon a
/// graceful shutdown the duties end first, then the lease is given up.
struct LeaderElection: Service {
    let store: any LeaseStore
    let timing: ElectionTiming
    let identity: String
    let leadership: Leadership
    /// Each returns when it is cancelled, or upon a graceful shutdown.
    let duties: [@Sendable () async -> Void]
    let stage: StartupStage
    let observer: Observer

    private enum Ending: Sendable {
        case lost(String)
        case dutiesDone
    }

    func run() async throws {
        await withGracefulShutdownHandler {
            await stage.wait(for: .migrated)
        } onGracefulShutdown: {
            stage.reached(.migrated)
        }
        var machine = ElectionMachine(timing: timing, at: .now)
        while !Task.isCancelled, !Task.isShuttingDownGracefully {
            switch machine.step(at: .now) {
            case .attempt(let deadline):
                let sent = ContinuousClock.now
                let outcome = await Self.bounded(by: deadline) { await store.acquire() }
                if machine.ended(outcome, sentAt: sent, at: .now) == .acquired {
                    await lead(machine)
                    machine.stepDown(at: .now)
                }
            case .wait(let until):
                await cancelWhenGracefulShutdown { try? await Task.sleep(until: until) }
            case .renew, .stepDown:
                // A follower has nothing to renew.
                machine.stepDown(at: .now)
            }
        }
        await store.close()
    }

    private func lead(_ machine: ElectionMachine) async {
        observer.observe(.leadershipAcquired(identity: identity))
        leadership.become(.leader)
        let ending = await withTaskGroup(of: Ending.self) { group in
            group.addTask { .lost(await self.keep(machine)) }
            group.addTask {
                await withTaskGroup { duties in
                    for duty in self.duties { duties.addTask { await duty() } }
                }
                return .dutiesDone
            }
            // Whichever ends first ends the other; both have ended when the group is left.
            let first = await group.next() ?? .dutiesDone
            group.cancelAll()
            return first
        }
        leadership.become(.follower)
        switch ending {
        case .dutiesDone:
            observer.observe(.leadershipLost(identity: identity, reason: "released"))
            await store.release()
        case .lost(let reason):
            observer.observe(.leadershipLost(identity: identity, reason: reason))
            await store.close()
        }
    }

    /// Renews until that is no longer possible; returns the reason, in time for the duties to end.
    private func keep(_ start: ElectionMachine) async -> String {
        var machine = start
        while !Task.isCancelled {
            switch machine.step(at: .now) {
            case .renew(let deadline):
                let sent = ContinuousClock.now
                let outcome = await Self.bounded(by: deadline) { await store.renew() }
                if case .lost(let reason) = machine.ended(outcome, sentAt: sent, at: .now) {
                    return reason
                }
            case .wait(let until):
                try? await Task.sleep(until: until)
            case .attempt, .stepDown:
                return "the lease could not be renewed in time"
            }
        }
        return "the duties have ended"
    }

    /// The outcome of a call, or a failure at the deadline; the call is cancelled then.
    private static func bounded(
        by deadline: ContinuousClock.Instant,
        _ call: @escaping @Sendable () async -> ElectionMachine.Outcome
    ) async -> ElectionMachine.Outcome {
        await withTaskGroup(of: ElectionMachine.Outcome.self) { group in
            group.addTask { await call() }
            group.addTask {
                try? await Task.sleep(until: deadline)
                return .failed("no answer in time")
            }
            let first = await group.next() ?? .failed("no answer")
            group.cancelAll()
            return first
        }
    }
}
