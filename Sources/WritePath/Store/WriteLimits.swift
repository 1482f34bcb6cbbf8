/// Every bound of the store in one place.
package enum WriteLimits {
    /// Items of one bulk write.
    package static let bulkItems = 1_000
    /// Objections to a document that an error lists.
    package static let reportedFieldErrors = 20
    /// Bytes of an idempotency key.
    package static let idempotencyKeyBytes = 255
    /// How long the answer to a write is kept for its idempotency key.
    package static let idempotencyLifetime: Duration = .seconds(24 * 60 * 60)
    /// Expired idempotency keys removed by one statement.
    package static let deletionBatch = 10_000
    /// Rows of the log, or audit events of a namespace, removed by one transaction.
    package static let trimBatch = 1_000
    /// How often the digests of all namespaces are compared with the rows, and how long one may take.
    package static let digestInterval: Duration = .seconds(60 * 60)
    package static let digestTimeout: Duration = .seconds(600)
    /// The oldest server that has what the schema uses, as `server_version_num` counts.
    package static let oldestServerVersion: Int64 = 150_000
    /// How often expired idempotency keys and old audit events are looked for.
    package static let expiryInterval: Duration = .seconds(10 * 60)
    package static let auditTrimInterval: Duration = .seconds(24 * 60 * 60)
    /// How often a transaction that lost against another one is run again.
    package static let transactionRetries = 5
    /// Ceiling of the first pause before that; it doubles each time.
    package static let transactionRetryDelay: Duration = .milliseconds(5)
    /// Longest wait for a namespace that another transaction holds.
    package static let lockTimeout: Duration = .seconds(10)
    /// The server ends a transaction whose replica says nothing for this long.
    package static let idleTransactionTimeout: Duration = .seconds(10)
    /// Writes of one namespace that share a transaction.
    package static let groupWrites = 64
    /// Bytes of the documents that share a transaction; a larger one has its own.
    package static let groupBytes = 4 * 1_024 * 1_024
    /// Writes of one namespace that may wait for the transaction before theirs.
    package static let waitingWrites = 1_024
    /// Longest wait for it.
    package static let groupWait: Duration = .seconds(10)
    /// Characters of the actors and of the request ids that a shared revision lists.
    package static let revisionLabelCharacters = 512
    /// Longest wait for another process that migrates.
    package static let migrationLockTimeout: Duration = .seconds(900)
    /// How often the lock in a table is tried, the pause between, and when it is left over from the dead.
    package static let tableLockTries = 30
    package static let tableLockPause: Duration = .seconds(1)
    static let tableLockStale: Duration = .seconds(300)
    /// Longest run of one migration.
    package static let migrationTimeout: Duration = .seconds(600)
    /// Rows of a single-tenant table that one transaction copies.
    package static let importBatch = 5_000
    /// How often a step of that copy gives way to an old binary that holds a lock, and the pause between.
    package static let importRetries = 600
    package static let importPause: Duration = .milliseconds(250)
    /// Audit events of a page, when the client names no size and at most.
    package static let auditPageSize = 20
    package static let auditPageSizeMax = 100
    /// Audit events outside writes that share a statement; meanwhile writers of the namespace wait.
    static let auditGroup = 64
    static let auditGroupBytes = 1_024 * 1_024
    /// Such events of one namespace that may wait, and how long; what is beyond is not recorded.
    static let waitingAuditEvents = 16_384
    static let auditGroupWait: Duration = .seconds(60)
    /// Checks of audit chains that a replica makes at once; each keeps a connection.
    package static let chainChecks = 2
    /// Audit events that a check of their chain reads at once.
    package static let chainBatch = 1_000
    /// Bytes of each part of an asset's name, and of a label, reason or comment about it.
    package static let assetPartBytes = 190
    package static let versionLabelBytes = 128
    package static let governanceTextBytes = 4_096
    /// How often approval requests whose time is over are looked for, and how many go at once.
    package static let approvalSweepInterval: Duration = .seconds(60)
    package static let approvalSweepBatch = 500
    /// Names that the audit event of a bulk write lists.
    package static let auditResourceIDs = 1_000
}
