/// The bounds and periods of the feed.
package enum FeedLimits {
    /// How often the heads are polled, hints or not.
    package static let pollInterval: Duration = .milliseconds(250)
    /// How often the heads are polled on average while no hints can arrive.
    ///
    /// All replicas do so after a restart of the store, which must not cost it more than three
    /// times the usual polls.
    package static let fastPollInterval: Duration = .milliseconds(100)
    /// The least time between two messages of the notifier: at most 200 a second.
    package static let notifyInterval: Duration = .milliseconds(5)
    /// The same under many writes, which want the processors that every message wakes.
    package static let maxNotifyInterval: Duration = .milliseconds(25)
    /// Up to so many writes a second the interval is the least; in proportion to them beyond.
    package static let quietWritesPerSecond = 400.0
    /// Namespaces in one message of the notifier.
    package static let notifyBatch = 500
    /// How long a feed query may take.
    package static let queryTimeout: Duration = .seconds(5)
    /// Rows that a copy may fetch at once, from the smallest documents to the largest.
    package static let copyFetchRows = [4_000, 100, 10, 1]
    /// Bytes of documents that a copy means to fetch at once.
    package static let copyFetchBytes = 4 << 20
    /// How long one fetch of a copy may take; the first may wait until all rows are sorted.
    package static let copyTimeout: Duration = .seconds(600)
    /// Changed keys that one range read returns at the most.
    package static let maxRangeChanges = 20_000
    /// Bytes of a name or source that the cache can hold.
    package static let maxIdentityBytes = 65_535
    /// How long the query for the heads of the primary may take.
    package static let primaryHeadTimeout: Duration = .seconds(1)
    /// Bytes of a document, as text, that the cache can hold; a collection with a longer one is
    /// answered from the store.
    package static let maxDocumentBytes = 8 << 20
    /// A document that is stored in fewer bytes is not measured: it cannot be much longer as text.
    package static let unmeasuredDocumentBytes = 16 << 10
    /// Requests that may wait for revisions at once.
    package static let maxWaiters = 10_000
    /// How long a write waits until its own replica shows it.
    package static let ownWriteWait: Duration = .seconds(2)
    /// Collections that wait to be loaded.
    package static let maxDemands = 10_000
    /// How soon a collection that could not be loaded may be demanded again.
    package static let reloadPause: Duration = .seconds(1)
    /// How soon a collection that the cache cannot hold may be demanded again.
    package static let uncacheablePause: Duration = .seconds(60)
    /// After so many batches in a row that could not be written the store answers.
    package static let maxFailedApplies = 3
    /// How soon a namespace that could not be written is tried again; doubles with each failure.
    package static let unwritablePause: Duration = .seconds(1)
    /// The longest pause between two tries.
    package static let maxUnwritablePause: Duration = .seconds(60)
    /// A failure this long after the last one counts as the first.
    package static let unwritableMemory: Duration = .seconds(300)
    /// How often the caches are compared with their budget, and readers looked at.
    package static let upkeepInterval: Duration = .seconds(1)
    /// Passes of the upkeep between two looks for readers of dead processes.
    package static let staleReaderPasses = 30
    /// A read that runs for longer is reported: it keeps old pages from being used again.
    package static let maxReaderAge: Duration = .seconds(5)
    /// Range reads and rebuilds that are under way at once.
    package static let maxConcurrentReads = 8
    /// Signals that wait for the replicator; one that is lost costs freshness up to the next poll.
    package static let maxSignals = 16_384
    /// Rebuilds over time, one per interval, and how many may begin without it.
    package static let rebuildInterval: Duration = .milliseconds(50)
    package static let rebuildBurst = 10
    /// How often a replica asks whether it is its turn to send the heartbeat.
    package static let heartbeatInterval: Duration = .milliseconds(500)
    /// The least time between two heartbeats; less than the interval, so that no turn is skipped.
    package static let heartbeatPeriod: Duration = .milliseconds(400)
    /// How long a heartbeat may be under way: two periods.
    package static let deafAfter: Duration = .seconds(1)
    /// How often the heartbeats that are under way are looked at.
    package static let pulseCheck: Duration = .milliseconds(100)
    /// How soon a new connection is tried after one that never heard; doubled up to 16 times that.
    package static let probeRetry: Duration = .seconds(5)
    /// How long a replica counts as alive after its last report, and how often it reports.
    package static let lease: Duration = .seconds(10)
    package static let leaseRenewal: Duration = .seconds(2)
    /// How long a report waits for further changes to take along.
    package static let reportDelay: Duration = .milliseconds(10)
    /// Reports over time, one per interval, and how many may follow each other without it.
    package static let reportInterval: Duration = .milliseconds(100)
    package static let reportBurst = 5
    /// How long the pauses are between two looks at the positions for a waiting write.
    package static let visibilityPause: Duration = .milliseconds(5)
    package static let visibilityPauseMax: Duration = .milliseconds(40)
    /// How long a new cache waits until its replica is known to hold the namespace.
    package static let announcementWait: Duration = .seconds(1)
    /// Changes that one read of the log holds, but for a transaction that has more.
    package static let maxLogChanges = 1_000
    /// Revisions that one read of the log holds.
    package static let maxLogRevisions = 1_000
    /// Bytes of documents that one read of the log holds.
    package static let maxLogDocumentBytes = 8 << 20
    /// Changes, and bytes of their documents, that are kept of a namespace that somebody follows.
    package static let maxRingChanges = 5_000
    package static let maxRingBytes = 2 << 20
    /// Namespaces whose log is kept for those who follow it.
    package static let maxFollowedLogs = 256
    /// How long the newest changes are kept for a follower that comes back.
    package static let followerLinger: Duration = .seconds(30)
    /// How often the log of a namespace is looked at when nothing is heard of it.
    package static let logPoll: Duration = .seconds(1)
    /// How soon the log is read again when it did not have what is applied, or could not be read.
    package static let logRetry: Duration = .milliseconds(50)
    /// How soon a namespace that does not exist yet is asked for again.
    package static let unknownNamespacePause: Duration = .milliseconds(250)
    /// Caches that one question for heads opens for a replica that is fed by this one.
    package static let maxRelayOpenings = 50
    /// Ranges that are kept for replicas that are fed by this one, and changes and bytes of each.
    package static let maxKeptRanges = 64
    package static let maxKeptRangeChanges = 500
    package static let maxKeptRangeBytes = 1 << 20
    /// Collections that are copied at once.
    package static let maxConcurrentCopies = 2
}
