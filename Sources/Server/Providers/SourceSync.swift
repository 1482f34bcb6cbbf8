import CatalogModel
import Telemetry
import WritePath

/// Has sources loaded that are due: their file has changed, or their interval is over.
///
/// Every replica does this, because each has its own files; jobs are shared, so that a source is
/// loaded once however many replicas ask.
final class SourceSync: Sendable {
    private let catalog: SourceCatalog
    private let queue: JobQueue
    private let refresher: SourceRefresher
    private let files: SourceFiles
    private let observer: Observer
    private let runsJobs: Bool
    private let interval: Duration?
    private let gate = AsyncStream<Void>.makeStream(bufferingPolicy: .bufferingNewest(1))

    init(
        catalog: SourceCatalog, queue: JobQueue, refresher: SourceRefresher, files: SourceFiles,
        observer: Observer, runsJobs: Bool, interval: Duration?
    ) {
        self.catalog = catalog
        self.queue = queue
        self.refresher = refresher
        self.files = files
        self.observer = observer
        self.runsJobs = runsJobs
        self.interval = interval
    }

    /// Looks again and again, until `stop`; returns at once where nothing is to be watched.
    func run() async {
        guard let interval else { return }
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await self.watch(every: interval) }
            for await _ in gate.stream { break }
            group.cancelAll()
        }
    }

    func stop() { gate.continuation.yield() }

    private func watch(every interval: Duration) async {
        var plan = SyncPlan()
        var withFiles: [SourceCatalog.Synced] = []
        var readAt: ContinuousClock.Instant?
        var isFailing = false
        while !Task.isCancelled {
            var looked = withFiles
            if readAt.map({ $0.duration(to: .now) >= ServerLimits.sourceWatchInterval }) ?? true {
                readAt = .now
                let sources = await sources(&isFailing)
                looked = sources ?? withFiles
                withFiles = looked.filter { !SyncPlan.paths(of: [$0]).isEmpty }
            }
            let stamps = await files.stamps(of: SyncPlan.paths(of: withFiles))
            for due in plan.due(looked, stamps: stamps) where await isTaken(due) {
                plan.handled(due.key)
            }
            try? await Task.sleep(for: interval)
        }
    }

    /// The sources as they are now; nil when they cannot be read, which is told once.
    private func sources(_ isFailing: inout Bool) async -> [SourceCatalog.Synced]? {
        do {
            let sources = try await catalog.syncedSources()
            isFailing = false
            return sources
        } catch {
            if !isFailing, !Task.isCancelled {
                observer.observe(.upkeepFailed(task: "sources", reason: "\(error)"))
            }
            isFailing = true
            return nil
        }
    }

    /// Whether a refresh that begins from now on has been asked for.
    private func isTaken(_ due: SyncPlan.Due) async -> Bool {
        let key = due.key
        guard runsJobs else {
            guard let plugin = Plugins.named(key.plugin) else { return true }
            _ = await refresher.refreshNow(
                key.namespace, plugin, source: key.source, by: Job.system)
            return true
        }
        // One that runs already may have read the old file: then ask again at the next look.
        guard
            let asked = try? await queue.enqueue(
                key.namespace, plugin: key.plugin, source: key.source, requestedBy: Job.system,
                unlessAskedWithin: due.spacing)
        else { return false }
        return asked.isNew || asked.job.state == .queued
    }
}
