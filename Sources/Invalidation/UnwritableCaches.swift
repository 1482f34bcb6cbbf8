import CatalogModel
import Synchronization

/// The namespaces whose cache could not be written, each with the time of the next try.
///
/// Asked from anywhere. The pause doubles with each failure, also with one that follows soon after
/// a recovery, so that a disk on the brink is not loaded and emptied in turns.
final class UnwritableCaches: Sendable {
    private struct Entry {
        var failures = 0
        var lastFailure: ContinuousClock.Instant
        var isOver = false

        var pause: Duration {
            let doubled = FeedLimits.unwritablePause * (1 << min(failures - 1, 10))
            return min(doubled, FeedLimits.maxUnwritablePause)
        }
    }

    private let entries = Mutex<[Namespace: Entry]>([:])

    /// Whether the namespace waits for a try that succeeds.
    func contains(_ namespace: Namespace) -> Bool {
        entries.withLock { entries in
            guard let entry = entries[namespace] else { return false }
            return !entry.isOver
        }
    }

    /// When the namespace may be tried again; nil when it may be now.
    func pause(of namespace: Namespace, at now: ContinuousClock.Instant) -> ContinuousClock.Instant?
    {
        entries.withLock { entries in
            guard let entry = entries[namespace], !entry.isOver else { return nil }
            let end = entry.lastFailure + entry.pause
            return end > now ? end : nil
        }
    }

    func fail(_ namespace: Namespace, at now: ContinuousClock.Instant) {
        entries.withLock { entries in
            // Whoever was not asked for since is forgotten as well.
            entries = entries.filter { $0.value.lastFailure + FeedLimits.unwritableMemory > now }
            var entry = entries[namespace] ?? Entry(lastFailure: now)
            entry.failures += 1
            entry.lastFailure = now
            entry.isOver = false
            entries[namespace] = entry
        }
    }

    /// Something of the namespace is answered from the cache again.
    func recover(_ namespace: Namespace) {
        entries.withLock { $0[namespace]?.isOver = true }
    }
}
