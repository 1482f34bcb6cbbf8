/// Everything that can happen in the server and that somebody may want to see or to count.
///
/// Code observes a case and builds no text; the observer decides what to log and what to count.
/// A served request is not here: the hit path uses counters that it holds.
package enum Observation: Sendable, Hashable {
    // MARK: Start and stop

    /// The process has begun to start.
    case starting(version: String)
    /// One step of the start is done.
    case startupStep(name: String, duration: Duration)
    /// The server accepts connections.
    case listening(address: String)
    /// The server is ready for the first time.
    case ready(duration: Duration)
    /// The server has been asked to stop.
    case stopping(reason: String)
    /// The server has stopped.
    case stopped
    /// A setting could not be used and its default stands.
    case settingIgnored(name: String, reason: String)

    /// A setting stands as it is, and an operator should know what that means.
    case settingRisky(name: String, reason: String)
    /// New connections get another certificate.
    case certificateReplaced(path: String)
    /// Changed files of certificate and key cannot be used; the certificate in use stays.
    case certificateRefused(reason: String)

    // MARK: Feed

    /// The feed listens and has read the heads.
    case feedConnected(generation: Int)
    /// The feed has lost its connection.
    case feedDisconnected(generation: Int, reason: String)
    /// The feed tries to connect again after a pause.
    case feedReconnecting(attempt: Int, delayMs: Int)
    /// Notifications arrive.
    case feedHearing
    /// The connection is up but notifications do not arrive.
    case feedDeaf(missedHeartbeats: Int)
    /// Notifications cannot work on this connection, so that the feed polls.
    case feedPolling(reason: String)
    /// A hint or a head is further ahead than the next revision; the range is read.
    case gap(namespace: String, local: UInt64, head: UInt64)
    /// A range of revisions has been applied.
    case batchApplied(
        namespace: String, from: UInt64, through: UInt64, changes: Int, duration: Duration)
    /// The head in Postgres contradicts what this replica has applied.
    case divergence(namespace: String, reason: String)
    /// The digest of the cache is not the digest of the log.
    case digestMismatch(namespace: String, revision: UInt64, expected: Int64, actual: Int64)
    /// A namespace is loaded anew.
    case rebuild(namespace: String, reason: String)
    /// A namespace has been loaded anew.
    case rebuilt(namespace: String, entities: Int, duration: Duration)
    /// A row could not be decoded and is served from Postgres.
    case entityBypassed(namespace: String, plugin: String, kind: String, reason: String)

    // MARK: Cache

    /// A collection has been loaded into the cache.
    case collectionLoaded(
        namespace: String, plugin: String, kind: String, entities: Int, duration: Duration)
    /// A collection could not be loaded.
    case loadFailed(namespace: String, plugin: String, kind: String, reason: String)
    /// A collection has been dropped to make room.
    case collectionEvicted(namespace: String, plugin: String, kind: String, bytes: Int)
    /// A namespace that was not read for longest has been closed and deleted to make room.
    case namespaceEvicted(namespace: String, bytes: Int)
    /// A collection is over its budget and is served read-through.
    case collectionOverBudget(namespace: String, plugin: String, kind: String, bytes: Int)
    /// The files of a namespace were damaged, foreign or old, and have been removed.
    case cacheDiscarded(namespace: String, reason: String)
    /// The map of a namespace has grown.
    case mapGrown(namespace: String, bytes: Int)
    /// The cache cannot be written, so that reads go through.
    case cacheUnwritable(namespace: String, reason: String)
    /// Reader slots of dead processes have been cleared.
    case staleReadersCleared(namespace: String, count: Int)
    /// A read transaction has been open for too long.
    case readerTooOld(namespace: String, ageMs: Int)

    // MARK: Postgres

    /// Postgres answers again.
    case databaseUp
    /// Postgres does not answer.
    case databaseDown(reason: String)
    /// Every connection of the pool is taken and somebody gave up waiting.
    case poolExhausted(waiting: Int, waitedMs: Int)
    /// A migration of the schema has been applied.
    case migrationApplied(name: String, duration: Duration)
    /// A batch of a table of the single-tenant era has been copied.
    case legacyRowsCopied(
        table: String, rows: Int, total: Int, batch: Int, rowsPerSecond: Int)
    /// A table of the single-tenant era has been copied as a whole.
    case legacyTableImported(table: String, copied: Int, skipped: Int, duration: Duration)
    /// Another process holds the migration lock.
    case migrationLockAwaited
    /// A write failed for a reason that is not the client's.
    case writeFailed(namespace: String, code: String, reason: String)
    /// The change log has been trimmed up to a floor.
    case changeLogTrimmed(namespace: String, floor: UInt64)
    /// Old audit events have been removed.
    case auditTrimmed(events: Int)
    /// Sessions of replicas that had stopped taking their notifications were ended.
    case listenersEnded(count: Int)
    /// A task that one replica does for all has failed; its next turn tries again.
    case upkeepFailed(task: String, reason: String)

    // MARK: Sources and jobs

    /// A source has been reconciled with its entities.
    case sourceLoaded(namespace: String, plugin: String, source: String, loaded: Int, removed: Int)
    /// A source could not be loaded.
    case sourceFailed(namespace: String, plugin: String, source: String, reason: String)
    /// The configuration of the sources has changed.
    case sourcesChanged(version: String)
    /// A job has begun.
    case jobStarted(id: String, plugin: String, source: String, attempt: Int)
    /// A job is done.
    case jobSucceeded(id: String, plugin: String, loaded: Int, removed: Int, duration: Duration)
    /// An attempt of a job has failed.
    case jobFailed(id: String, plugin: String, attempt: Int, willRetry: Bool, reason: String)
    /// Jobs of dead workers have been queued again.
    case jobsReclaimed(count: Int)

    // MARK: Requests and leadership

    /// A request ended with an error that is the server's.
    case requestFailed(method: String, path: String, requestId: String, reason: String)
    /// The cluster could not be asked whether somebody may do something.
    case accessCheckFailed(reason: String)
    /// This replica leads.
    case leadershipAcquired(identity: String)
    /// This replica no longer leads.
    case leadershipLost(identity: String, reason: String)
}
