import Synchronization

/// Whose turn a task of upkeep is, and the heartbeat: with one replica a clock in memory decides.
final class UpkeepTurns: Sendable {
    private struct Turn {
        var dueAt: ContinuousClock.Instant
        var number: Int64
    }

    private let turns = Mutex<[String: Turn]>([:])

    /// Takes the turn of a task if it is due; gives its number and whether it was.
    func claim(_ task: String, periodMs: Int64, isForced: Bool) -> (number: Int64, isTaken: Bool) {
        let now = ContinuousClock.now
        return turns.withLock { turns in
            let turn = turns[task]
            if let turn, turn.dueAt > now, !isForced { return (turn.number, false) }
            let number = (turn?.number ?? 0) + 1
            turns[task] = Turn(dueAt: now + .milliseconds(periodMs), number: number)
            return (number, true)
        }
    }
}
