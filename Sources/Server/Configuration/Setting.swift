import ReadPath

/// One setting: where it may be given, what it is when it is not, and whether it may be shown.
struct Setting: Sendable {
    /// The environment variable; also the name under which errors speak of the setting.
    let variable: String
    /// The command-line flag, where there is one; a flag wins over the variable.
    var flag: String?
    var standard: String = ""
    /// Whether the value may hold a password.
    var isSecret = false
    /// The only values accepted; empty accepts all.
    var choices: [String] = []
    /// Values that the contract knows and this release does not offer, each with the reason.
    var refused: [String: String] = [:]
}

extension Setting {
    static let listen = Setting(variable: "CATALOG_LISTEN", flag: "listen", standard: ":8080")
    static let sources = Setting(
        variable: "CATALOG_SOURCES", flag: "sources", standard: "/config/sources.yaml")
    static let databaseType = Setting(
        variable: "DATABASE_TYPE", flag: "db-type", choices: ["", "postgres", "sqlite"],
        refused: ["mysql": "MySQL is not supported; use postgres, or sqlite for one replica"])
    static let databaseFile = Setting(
        variable: "CATALOG_DATABASE_FILE", standard: "/var/lib/catalog-server/store.sqlite")
    static let databaseDSN = Setting(variable: "DATABASE_DSN", flag: "db-dsn", isSecret: true)
    static let poolSize = Setting(variable: "CATALOG_DATABASE_POOL_SIZE", standard: "8")
    static let preparedStatements = Setting(
        variable: "CATALOG_DATABASE_PREPARED_STATEMENTS", standard: "true")
    static let cacheDirectory = Setting(
        variable: "CATALOG_CACHE_DIR", standard: "/var/cache/catalog-server")
    static let cacheEnabled = Setting(variable: "CATALOG_CACHE_ENABLED", standard: "true")
    static let cacheNamespaces = Setting(
        variable: "CATALOG_CACHE_MAX_NAMESPACES", standard: "2000")
    static let cacheBytes = Setting(variable: "CATALOG_CACHE_MAX_BYTES", standard: "0")
    static let pageBytes = Setting(
        variable: "CATALOG_PAGE_CACHE_BYTES", standard: String(ReadLimits.standardPageBytes))
    static let scanLimit = Setting(
        variable: "CATALOG_QUERY_SCAN_LIMIT", standard: String(ReadLimits.standardScanLimit))
    static let discoveryTTL = Setting(variable: "CATALOG_CACHE_DISCOVERY_TTL", standard: "60")
    static let capabilitiesTTL = Setting(
        variable: "CATALOG_CACHE_CAPABILITIES_TTL", standard: "30")
    static let cacheEntries = Setting(variable: "CATALOG_CACHE_MAX_SIZE", standard: "1000")
    static let stalenessLimit = Setting(variable: "CATALOG_STALENESS_LIMIT_MS", standard: "5000")
    static let stalenessMaximum = Setting(variable: "CATALOG_STALENESS_MAX_MS", standard: "0")
    static let degradedPolicy = Setting(
        variable: "CATALOG_DEGRADED_POLICY", standard: "serve-stale",
        choices: ["serve-stale", "fail-closed"])
    static let failClosedNamespaces = Setting(variable: "CATALOG_FAIL_CLOSED_NAMESPACES")
    static let tenancyMode = Setting(
        variable: "CATALOG_TENANCY_MODE", standard: "single", choices: ["single", "namespace"])
    static let namespaces = Setting(variable: "CATALOG_NAMESPACES")
    static let auditEnabled = Setting(variable: "CATALOG_AUDIT_ENABLED", standard: "true")
    static let auditDenied = Setting(variable: "CATALOG_AUDIT_LOG_DENIED", standard: "true")
    static let writeGrouping = Setting(variable: "CATALOG_WRITE_GROUPING", standard: "true")
    static let jobsEnabled = Setting(variable: "CATALOG_JOB_ENABLED", standard: "true")
    static let jobConcurrency = Setting(variable: "CATALOG_JOB_CONCURRENCY", standard: "3")
    static let jobRetries = Setting(variable: "CATALOG_JOB_MAX_RETRIES", standard: "3")
    static let jobPollSeconds = Setting(
        variable: "CATALOG_JOB_POLL_INTERVAL_SECONDS", standard: "5")
    static let jobClaimMinutes = Setting(
        variable: "CATALOG_JOB_CLAIM_TIMEOUT_MINUTES", standard: "10")
    static let jobRetentionDays = Setting(variable: "CATALOG_JOB_RETENTION_DAYS", standard: "7")
    static let logMaxAge = Setting(variable: "CATALOG_LOG_MAX_AGE_SECONDS", standard: "3600")
    static let logMaxRevisions = Setting(
        variable: "CATALOG_LOG_MAX_REVISIONS", standard: "100000")
    static let logKeepAge = Setting(variable: "CATALOG_LOG_KEEP_SECONDS", standard: "300")
    static let logKeepRevisions = Setting(
        variable: "CATALOG_LOG_KEEP_REVISIONS", standard: "1000")
    static let logTrimInterval = Setting(
        variable: "CATALOG_LOG_TRIM_INTERVAL_MS", standard: "30000")
    static let auditRetention = Setting(
        variable: "CATALOG_AUDIT_RETENTION_DAYS", standard: "90")
    static let upstream = Setting(variable: "CATALOG_UPSTREAM")
    static let changeStreams = Setting(
        variable: "CATALOG_CHANGES_MAX_STREAMS", standard: "1000")
    static let changeStreamsPerNamespace = Setting(
        variable: "CATALOG_CHANGES_MAX_STREAMS_PER_NAMESPACE", standard: "200")
    static let changeWriteTimeout = Setting(
        variable: "CATALOG_CHANGES_WRITE_TIMEOUT_MS", standard: "30000")
    static let governanceFile = Setting(
        variable: "CATALOG_GOVERNANCE_CONFIG", standard: "/config/governance.yaml")
    static let approvalPolicies = Setting(
        variable: "CATALOG_APPROVAL_POLICIES", standard: "/config/approval-policies.yaml")
    static let approvalRoles = Setting(
        variable: "CATALOG_APPROVAL_ENFORCE_ROLES", standard: "false")
    static let migrationLock = Setting(
        variable: "CATALOG_MIGRATION_LOCK_ENABLED", standard: "true")
    static let logLevel = Setting(
        variable: "CATALOG_LOG_LEVEL", standard: "info",
        choices: ["trace", "debug", "info", "notice", "warning", "error", "critical"])
    static let accessLogSample = Setting(variable: "CATALOG_ACCESS_LOG_SAMPLE", standard: "1")
    static let fastLane = Setting(
        variable: "CATALOG_FAST_LANE", standard: "bytes",
        choices: LaneMode.allCases.map(\.rawValue))
    static let podName = Setting(variable: "POD_NAME")

    /// Every setting, in the order in which they are printed.
    static let all: [Setting] =
        [
            listen, sources, configStore, configNamespace, configMapName, configMapKey,
            databaseType, databaseDSN, databaseFile, poolSize, preparedStatements,
            cacheDirectory, cacheEnabled,
            cacheNamespaces, cacheBytes, pageBytes, scanLimit, discoveryTTL, capabilitiesTTL,
            cacheEntries, stalenessLimit, stalenessMaximum, degradedPolicy, failClosedNamespaces,
            tenancyMode, namespaces, auditEnabled, auditDenied, writeGrouping,
            jobsEnabled, jobConcurrency, jobRetries, jobPollSeconds, jobClaimMinutes,
            jobRetentionDays,
            logMaxAge, logMaxRevisions, logKeepAge, logKeepRevisions, logTrimInterval,
            auditRetention, upstream, changeStreams, changeStreamsPerNamespace,
            changeWriteTimeout,
            governanceFile, approvalPolicies, approvalRoles,
            migrationLock, logLevel, accessLogSample, fastLane, console,
            podName,
        ] + tls + access + election + providers
}
