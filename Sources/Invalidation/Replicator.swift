package import CatalogModel
package import LMDB
package import ReadPath
import Synchronization
package import Telemetry

/// Keeps the caches in step with the change feed; the only writer of the caches.
///
/// An actor on the one thread that writes LMDB. Decisions are the machine's; this shell reads the
/// feed, writes the caches and reports outcomes back. Reads never wait for it.
package actor Replicator {
    private let thread: WriterThread
    package nonisolated var unownedExecutor: UnownedSerialExecutor {
        // SAFETY: the actor holds the thread, which therefore outlives every job of the actor.
        unsafe thread.asUnownedSerialExecutor()
    }

    let caches: CacheDirectory
    let feed: any ChangeFeed
    let observer: Observer
    package nonisolated let waiter = RevisionWaiter()
    /// What is applied here, for replicas that are fed by this one.
    package nonisolated let applied = AppliedHints()
    var machine = FeedMachine()

    let metrics: NamespaceMetricsFamily
    let registry: ReplicaRegistry?
    private let demands = DemandQueue()
    private let actions: AsyncStream<FeedMachine.Action>
    private let scheduler: AsyncStream<FeedMachine.Action>.Continuation
    private let pollRequests: AsyncStream<Void>
    private let pollRequester: AsyncStream<Void>.Continuation
    let damages = AsyncStream<CacheDamage>.makeStream()
    var copyStarts: [Demand: ContinuousClock.Instant] = [:]
    /// Of each copy the part that is rendered and not yet written.
    var renderedParts: [FeedMachine.Ticket: CopyBatch] = [:]
    /// Batches in a row that could not be written.
    var failedApplies: [Namespace: Int] = [:]
    /// Namespaces whose oldest reader has been reported.
    var oldReaders: Set<Namespace> = []
    nonisolated let unwritable = UnwritableCaches()
    private let ready = Atomic<Bool>(false)
    private let problem = Mutex<String?>(nil)
    private var isConnected = false
    /// Whether hints are known to arrive.
    private var isListening = false
    private var lastHeads: ContinuousClock.Instant?
    private var isStoreUp = true
    private var copies = Gate(limit: FeedLimits.maxConcurrentCopies)
    private var rebuilds = RebuildQueue()
    private var reads = Gate(limit: FeedLimits.maxConcurrentReads)
    private let started = ContinuousClock.now

    package init(
        caches: CacheDirectory, feed: any ChangeFeed, thread: WriterThread, observer: Observer,
        metrics: NamespaceMetricsFamily, registry: ReplicaRegistry? = nil
    ) {
        self.caches = caches
        self.feed = feed
        self.thread = thread
        self.observer = observer
        self.metrics = metrics
        self.registry = registry
        (actions, scheduler) = AsyncStream.makeStream()
        (pollRequests, pollRequester) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    // MARK: Callable from anywhere

    /// Whether everything that earlier processes left has caught up with the store once.
    package nonisolated var isReady: Bool { ready.load(ordering: .acquiring) }

    /// Why the store cannot be reached, or nil while it answers.
    package nonisolated var storeProblem: String? { problem.withLock { $0 } }

    /// Whether the namespace is answered from the store because its cache cannot be written.
    package nonisolated func isUnwritable(_ namespace: Namespace) -> Bool {
        unwritable.contains(namespace)
    }

    /// Loads a collection, which a read found absent, in the background.
    ///
    /// Returns at once; however many ask, it is loaded once.
    package nonisolated func demand(_ kind: UInt16, in namespace: Namespace) {
        demands.add(Demand(namespace: namespace, kind: kind))
    }

    /// Applies a revision that this replica has just committed; false when it took too long.
    ///
    /// A namespace without a cache needs nothing: its reads go to the store.
    package func follow(_ hint: Hint, timeout: Duration) async -> Bool {
        guard caches[hint.namespace] != nil else { return true }
        schedule(machine.hinted(hint))
        return await waiter.wait(
            for: hint.revision, in: hint.namespace, history: hint.epochPrefix, timeout: timeout)
    }

    /// Looks at the heads now instead of with the next poll; returns at once.
    package nonisolated func lookAtHeads() { pollRequester.yield() }

    /// The state of the feed as it concerns a namespace; waits for whatever is being applied.
    package func status(of namespace: Namespace) -> FeedStatus {
        FeedStatus(
            isConnected: isListening, lastHeads: lastHeads, lag: machine.lag(namespace))
    }

    /// Whether notifications are known to arrive.
    package var isHearing: Bool { isListening }

    // MARK: Running

    /// Takes over verified files of an earlier process, then follows the feed until cancelled.
    package func run(verifier: some CacheVerifier) async {
        await takeOver(verifier)
        await withDiscardingTaskGroup { group in
            group.addTask { await self.receiveSignals() }
            group.addTask { await self.requestPolls() }
            group.addTask { await self.pollOnRequest() }
            group.addTask { await self.admitDemands() }
            group.addTask { await self.keepUp() }
            group.addTask { for await damage in self.damages.stream { await self.discard(damage) } }
            for await action in self.actions {
                group.addTask { await self.perform(action) }
            }
            group.cancelAll()
        }
        for cache in caches.all { waiter.forget(cache.namespace) }
        for error in caches.closeAll() {
            observer.observe(.cacheUnwritable(namespace: "", reason: error.description))
        }
    }

    /// Ends `run`; nothing is applied afterwards.
    package nonisolated func stop() {
        scheduler.finish()
        demands.finish()
        pollRequester.finish()
        damages.continuation.finish()
    }

    /// Carries out at once what keeps wrong content from being served, and the rest as tasks.
    func schedule(_ actions: [FeedMachine.Action]) {
        for action in actions {
            switch action {
            case .forget(let namespace):
                forget(namespace)
            case .rebuild(let namespace, _, _):
                caches[namespace]?.suspend()
                caches[namespace]?.freshness.revoke()
                scheduler.yield(action)
            case .readRange, .copy, .apply:
                scheduler.yield(action)
            }
        }
    }

    private func perform(_ action: FeedMachine.Action) async {
        switch action {
        case .rebuild(_, _, let ticket):
            guard rebuilds.enter(action, ticket) else { return await paceRebuilds() }
            guard reads.enter(action) else { return }
            rebuilds.began(ticket)
            await performRead(action)
            if let next = reads.leave() { scheduler.yield(next) }
        case .readRange:
            guard reads.enter(action) else { return }
            await performRead(action)
            if let next = reads.leave() { scheduler.yield(next) }
        case .copy(let namespace, let kind, let ticket):
            guard copies.enter(action) else { return }
            await copy(kind, in: namespace, ticket)
            if let next = copies.leave() { scheduler.yield(next) }
        case .apply, .forget:
            preconditionFailure("carried out where it was decided")
        }
    }

    /// Lets the waiting rebuilds go one by one: first the namespaces with loaded collections, which
    /// somebody has read.
    private func paceRebuilds() async {
        guard rebuilds.beginPacing() else { return }
        while !Task.isCancelled {
            let turn = rebuilds.next(at: .now) { namespace in
                (try? caches[namespace]?.loadedKinds().count) ?? 0
            }
            switch turn {
            case .rebuild(let action): scheduler.yield(action)
            case .pause(let time): try? await Task.sleep(for: time)
            case .done: return
            }
        }
    }

    private func takeOver(_ verifier: some CacheVerifier) async {
        let stored = withReport { () throws(ReadError) in try caches.stored() } ?? []
        let kept = Array(stored.prefix(caches.budget.maxNamespaces))
        let intact = kept.isEmpty ? [] : await verifier.intact(kept)
        for namespace in stored {
            // What cannot be discarded now is emptied when it is demanded.
            withReport { () throws(ReadError) in
                guard intact.contains(namespace) else {
                    let isOver = caches.count >= caches.budget.maxNamespaces
                    reportDiscard(namespace, isOver ? "over the budget" : "verification failed")
                    return try caches.discard(namespace)
                }
                let header = try caches.reopen(namespace) { error in
                    reportDiscard(namespace, error.description)
                }
                guard header != nil, let head = try caches[namespace]?.head() else { return }
                admit(head)
            }
        }
    }

    @discardableResult
    private func withReport<Value>(_ body: () throws(ReadError) -> Value) -> Value? {
        do throws(ReadError) {
            return try body()
        } catch {
            observer.observe(.cacheUnwritable(namespace: "", reason: error.description))
            return nil
        }
    }

    private func reportDiscard(_ namespace: Namespace, _ reason: String) {
        observer.observe(.cacheDiscarded(namespace: namespace.name, reason: reason))
    }

    func admit(_ head: NamespaceHead, asOf: ContinuousClock.Instant? = nil) {
        machine.admitted(head, asOf: asOf)
        reached(head)
        publish(head.namespace)
    }

    /// The cache answers as of this head from now on.
    func reached(_ head: NamespaceHead) {
        // Noted first: whoever waited for the revision may go on to wait for the report of it.
        registry?.moved(to: head)
        waiter.reached(head)
        applied.reached(head)
    }

    /// The cache is gone.
    func left(_ namespace: Namespace) {
        waiter.forget(namespace)
        registry?.dropped(namespace)
    }

    private func receiveSignals() async {
        for await signal in feed.signals {
            switch signal {
            case .connected:
                isConnected = true
                observer.observe(.feedConnected(generation: 0))
                // Whatever was notified before is found in heads that are read from now on.
                pollRequester.yield()
            case .disconnected:
                if isConnected {
                    observer.observe(.feedDisconnected(generation: 0, reason: "connection lost"))
                }
                isConnected = false
                isListening = false
            case .hearing:
                isListening = true
                observer.observe(.feedHearing)
            case .deaf(let missed):
                isListening = false
                observer.observe(.feedDeaf(missedHeartbeats: missed))
                pollRequester.yield()
            case .polling(let reason):
                isListening = false
                observer.observe(.feedPolling(reason: reason))
            case .hint(let hint):
                schedule(machine.hinted(hint))
            case .unreadable:
                pollRequester.yield()
            }
        }
    }

    /// Asks for a poll once a period; requests that find one pending fold into it.
    private func requestPolls() async {
        while !Task.isCancelled {
            pollRequester.yield()
            // After a restart of the store all replicas poll fast: not in step, though.
            let interval =
                isListening
                ? FeedLimits.pollInterval
                : FeedLimits.fastPollInterval * Double.random(in: 0.5...1.5)
            try? await Task.sleep(for: interval)
        }
    }

    private func pollOnRequest() async {
        // What earlier processes left proves itself fresh by the first poll, and answers from then on.
        _ = await registry?.reported(within: FeedLimits.announcementWait)
        for await _ in pollRequests { await poll() }
    }

    /// Reads the heads of all followed namespaces; what they prove holds for the time of asking.
    private func poll() async {
        let asked = machine.namespaces
        let asOf = ContinuousClock.now
        caches.clock.advance()
        demands.settlePaused(before: asOf)
        do throws(FeedError) {
            let read = try await feed.readHeads(of: asked)
            noteStore(isUp: true, reason: "")
            lastHeads = .now
            settle(read, asked: asked, asOf: asOf)
            schedule(machine.retry())
            for namespace in asked { publish(namespace) }
            noteReady()
        } catch {
            noteStore(isUp: error.code != .storeUnavailable, reason: error.description)
        }
    }

    func noteReady() {
        guard !isReady, machine.isCaughtUp else { return }
        ready.store(true, ordering: .releasing)
        observer.observe(.ready(duration: started.duration(to: .now)))
    }

    func noteStore(isUp: Bool, reason: String) {
        problem.withLock { $0 = isUp ? nil : reason }
        guard isUp != isStoreUp else { return }
        isStoreUp = isUp
        observer.observe(isUp ? .databaseUp : .databaseDown(reason: reason))
    }

    // MARK: Demands

    private func admitDemands() async {
        await withDiscardingTaskGroup { group in
            for await demand in demands.stream {
                group.addTask { await self.admit(demand) }
            }
        }
    }

    private func admit(_ demand: Demand) async {
        let namespace = demand.namespace
        do {
            if !machine.follows(namespace) {
                if let end = unwritable.pause(of: namespace, at: .now) {
                    return demands.settle(demand, at: end)
                }
                let read = try await feed.readHead(of: namespace)
                // Another demand may have made the cache meanwhile.
                if let (head, asOf) = read, !machine.follows(namespace) {
                    makeRoom(opening: true)
                    try caches.create(at: head).freshness.noteApplied(head.revision)
                    admit(head, asOf: asOf)
                }
            }
            // A read that missed just before the collection was installed needs nothing more.
            guard machine.follows(namespace), try !isLoaded(demand) else {
                return demands.settle(demand)
            }
            let isAnnounced = await registry?.reported(within: FeedLimits.announcementWait)
            guard isAnnounced ?? true else {
                throw FeedError(.storeUnavailable, "the replica could not be registered")
            }
            schedule(machine.demanded(namespace, kind: demand.kind))
        } catch {
            if let error = error as? ReadError { setAside(namespace, error) }
            reportFailedLoad(demand, reason: "\(error)")
        }
    }

    private func isLoaded(_ demand: Demand) throws(ReadError) -> Bool {
        try caches[demand.namespace]?.state(of: caches.kinds.entries[Int(demand.kind)])?.phase
            == .loaded
    }

    /// The next read may demand the collection again, but not at once.
    func reportFailedLoad(
        _ demand: Demand, reason: String, pause: Duration = FeedLimits.reloadPause
    ) {
        let entry = caches.kinds.entries[Int(demand.kind)]
        observer.observe(
            .loadFailed(
                namespace: demand.namespace.name, plugin: entry.plugin.name,
                kind: entry.kind.kind, reason: reason))
        demands.settle(demand, at: .now + pause)
    }

    /// The collection answers reads, or will be demanded again.
    func settle(_ demand: Demand) { demands.settle(demand) }

    /// Nothing of the namespace is loaded or being loaded.
    func settleDemands(in namespace: Namespace) { demands.settleAll(in: namespace) }
}
