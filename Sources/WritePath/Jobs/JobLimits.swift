/// The bounds of the job queue and of refreshes.
package enum JobLimits {
    /// Times that one job is tried.
    package static let attempts = 3
    /// Ceiling of the delay before the second attempt; each further one doubles it.
    package static let backoffMinimum: Duration = .seconds(2)
    /// Ceiling of every delay between two attempts.
    package static let backoffMaximum: Duration = .seconds(60)
    /// Seconds between two refreshes of the same thing that clients ask for.
    package static let refreshSeconds: Int64 = 30
    /// How long a claimed job waits for its replica to apply what caused it.
    package static let behindWait: Duration = .seconds(5)
    /// Delay before somebody else may claim a job whose replica did not.
    package static let behindDelay: Duration = .seconds(1)
    /// Longest run of one job.
    package static let claimTimeout: Duration = .seconds(600)
    /// How long a running job is its worker's without another sign of life.
    package static let lease: Duration = .seconds(60)
    /// How often a worker renews the lease of its job.
    package static let leaseRenewal: Duration = .seconds(15)
    /// How often a worker looks for a job without being woken.
    package static let pollInterval: Duration = .seconds(5)
    /// How often jobs of dead workers are looked for.
    package static let recoveryInterval: Duration = .seconds(15)
    /// How often finished jobs are cleaned up, and the age at which they go.
    package static let cleanupInterval: Duration = .seconds(3_600)
    package static let retention: Duration = .seconds(7 * 86_400)
    /// Worker loops of one replica.
    package static let workers = 3
    /// Jobs that run at once over all replicas, in one namespace, and for one plugin of it.
    package static let running = 64
    package static let runningPerNamespace = 8
    package static let runningPerPlugin = 1
    /// Longest wait for a running job when the workers stop.
    package static let stopGrace: Duration = .seconds(10)
    /// Jobs of one page of the list.
    package static let pageSize = 20
    package static let pageSizeMax = 100
    /// Characters of an error that is kept with a job or a source.
    package static let errorLength = 2_000
    /// Stuck jobs that one pass takes back.
    package static let recoveryBatch = 100
    /// Finished jobs that one statement deletes.
    package static let cleanupBatch = 1_000
    /// How often a claim or an insert that lost a race is tried again.
    package static let raceRetries = 5
    /// How often the end of a job is written when Postgres does not answer, and the pause between.
    package static let bookkeepingTries = 5
    package static let bookkeepingPause: Duration = .milliseconds(500)
    /// Comparisons of one source with its rows when other writers keep changing them.
    package static let reconcileRounds = 5
    /// Rounds of one refresh when the configuration changes meanwhile.
    package static let refreshRounds = 3
    /// Sources of all namespaces that are loaded without being asked.
    package static let syncedSources = 10_000
    /// How soon a source whose refresh failed is loaded again without being asked.
    package static let failedSyncInterval: Duration = .seconds(300)
    /// Deadline of one statement that compares or writes a whole source.
    package static let reconcileTimeout: Duration = .seconds(120)
}
