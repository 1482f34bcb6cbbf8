import CLMDB
import Synchronization

extension Environment {
    /// Enlarges the map to at least `bytes`, rounded up to the growth step; a smaller value does
    /// nothing.
    ///
    /// Waits for running reads and holds new ones back for the time of one remapping. Throws
    /// `.busy` when a read does not end in time.
    @available(*, noasync)
    package func growMap(to bytes: Int) throws(StorageError) {
        lockWriter()
        defer { unlockWriter() }
        try demandOpen("grow map")
        try resize(to: bytes, waitMs: Limits.gateWaitMs, attempts: Limits.gateAttempts)
    }

    /// Grows the map when it is nearly full; a failure is harmless, because a full map is handled
    /// later.
    func growAhead() {
        guard !isClosed.load(ordering: .acquiring) else { return }
        let facts = unsafe Self.facts(raw)
        guard facts.usedBytes / Limits.growAheadPercent > facts.mapSizeBytes / 100,
            facts.mapSizeBytes < options.maxMapSizeBytes
        else { return }
        try? resize(
            to: nextSize(after: facts.mapSizeBytes), waitMs: Limits.growAheadWaitMs, attempts: 1)
    }

    /// Grows the map by half; false when it may not or could not grow.
    func growAfterFullMap() -> Bool {
        let current = unsafe Self.facts(raw).mapSizeBytes
        guard current < options.maxMapSizeBytes else { return false }
        do throws(StorageError) {
            try resize(
                to: nextSize(after: current), waitMs: Limits.gateWaitMs,
                attempts: Limits.gateAttempts)
            return true
        } catch {
            return false
        }
    }

    private func nextSize(after bytes: Int) -> Int {
        min(roundedUp(bytes + bytes / 2), options.maxMapSizeBytes)
    }

    private func roundedUp(_ bytes: Int) -> Int {
        let step = options.growthStepBytes
        return (bytes + step - 1) / step * step
    }

    private func resize(to bytes: Int, waitMs: UInt64, attempts: Int) throws(StorageError) {
        let current = unsafe Self.facts(raw).mapSizeBytes
        guard bytes > current else { return }
        let target = max(min(roundedUp(bytes), options.maxMapSizeBytes), bytes)
        try readers.withoutReaders(waitMs: waitMs, attempts: attempts) { () throws(StorageError) in
            let result = faults.around(.resize) { unsafe mdb_env_set_mapsize(raw, target) }
            try Self.demand(result, "grow map")
        }
    }
}
