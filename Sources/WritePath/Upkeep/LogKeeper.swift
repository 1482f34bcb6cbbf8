package import Postgres
package import Telemetry

/// What one replica does for all: trims the log, lets old keys and audit events go, and compares the
/// digests with the rows.
///
/// Each task has its turn in the store, which one replica takes when it is due; the others have
/// nothing to do then. A failed task is tried again at its next turn.
package struct LogKeeper: Sendable {
    private let pool: Pool
    private let store: CatalogStore
    private let audit: AuditLog
    private let observer: Observer
    private let options: UpkeepOptions

    package init(pool: Pool, observer: Observer, options: UpkeepOptions = UpkeepOptions()) {
        self.pool = pool
        store = CatalogStore(pool: pool, observer: observer)
        audit = AuditLog(pool: pool, observer: observer)
        self.observer = observer
        self.options = options
    }

    /// Takes the turns that come until the task is cancelled.
    package func run() async {
        while !Task.isCancelled {
            for duty in (try? await claim()) ?? [] {
                do {
                    try await perform(duty)
                } catch {
                    observer.observe(.upkeepFailed(task: duty.rawValue, reason: "\(error)"))
                }
            }
            try? await Task.sleep(for: options.tick)
        }
    }

    /// Trims the log of every namespace as far as it may be; returns the rows removed.
    @discardableResult
    package func trimLog() async throws(PostgresError) -> Int {
        let names = try await pool.query(
            Self.trimmable, [.int8(options.keepRevisions), .int8(options.maxAgeMs)])
        var total = 0
        for row in 0..<names.count { total += try await trimLog(of: names.string(row, 0)) }
        return total
    }

    /// Compares every namespace with its digests and repairs those that differ; returns their names.
    @discardableResult
    package func compareDigests() async throws(PostgresError) -> [String] {
        let names = try await pool.query(Self.namespaces, timeout: WriteLimits.digestTimeout)
        var repaired: [String] = []
        for row in 0..<names.count {
            let name = try names.string(row, 0)
            let answer = try await pool.query(
                Self.repair, [.text(name)], timeout: WriteLimits.digestTimeout)
            guard try answer.bool(0, 0) else { continue }
            repaired.append(name)
            observer.observe(
                .divergence(
                    namespace: name, reason: "the rows were not those of the digests; repaired"))
        }
        return repaired
    }

    // MARK: Turns

    private enum Duty: String, CaseIterable {
        case log, tables, digests, idempotency, audit, approvals, listeners
    }

    private func period(of duty: Duty) -> Duration {
        switch duty {
        case .log: options.trimInterval
        case .tables: options.watchInterval
        case .digests: WriteLimits.digestInterval
        case .idempotency: WriteLimits.expiryInterval
        case .audit: WriteLimits.auditTrimInterval
        case .approvals: WriteLimits.approvalSweepInterval
        case .listeners: options.listenerPatience / 5
        }
    }

    private func claim() async throws(PostgresError) -> [Duty] {
        let duties = Duty.allCases.filter { $0 != .audit || options.auditRetention != nil }
        let rows = try await pool.query(
            Self.claim,
            [
                .textArray(duties.map(\.rawValue)),
                .int8Array(duties.map { Int64(period(of: $0) / .milliseconds(1)) }),
            ])
        var claimed: [Duty] = []
        for row in 0..<rows.count {
            if let duty = Duty(rawValue: try rows.string(row, 0)) { claimed.append(duty) }
        }
        return claimed
    }

    private func perform(_ duty: Duty) async throws {
        switch duty {
        case .log: try await trimLog()
        case .tables: try await watchTables()
        case .digests:
            _ = try await pool.query(Self.restoreTriggers)
            try await compareDigests()
        case .idempotency: _ = try await store.deleteExpiredIdempotencyKeys()
        case .audit:
            if let age = options.auditRetention { _ = try await audit.trim(olderThan: age) }
        case .approvals: _ = try await ApprovalSweep.run(pool)
        case .listeners: try await endSilentListeners()
        }
    }

    private func trimLog(of name: String) async throws(PostgresError) -> Int {
        var total = 0
        var floor: Int64 = 0
        while !Task.isCancelled {
            let rows = try await pool.query(
                Self.trim,
                [
                    .text(name), .int8(options.maxRevisions), .int8(options.maxAgeMs),
                    .int8(options.keepRevisions), .int8(options.keepAgeMs),
                    .int8(Int64(WriteLimits.trimBatch)),
                ])
            // Null while another replica trims.
            guard let removed = try rows.optionalInt64(0, 0), removed > 0 else { break }
            total += Int(removed)
            floor = try rows.int64(0, 1)
        }
        if total > 0 {
            observer.observe(.changeLogTrimmed(namespace: name, floor: UInt64(bitPattern: floor)))
        }
        return total
    }

    private func watchTables() async throws(PostgresError) {
        let rows = try await pool.query(
            Self.watch, [.int8(Int64(options.settling / .milliseconds(1)))])
        guard let state = rows.optionalString(0, 0) else { return }
        // While a restore may still be under way, its own triggers are to come.
        if state == "settled" { _ = try await pool.query(Self.restoreTriggers) }
        try await compareDigests()
    }
}

extension LogKeeper {
    /// Ends listening sessions whose replica has not asked them for anything for long.
    ///
    /// A replica that is stopped does not take its notifications. Its session would hold the queue
    /// of all notifications, which at the end makes every write fail, and the horizon of vacuum.
    private func endSilentListeners() async throws(PostgresError) {
        let rows = try await pool.query(
            Self.endListeners,
            [
                .text(PostgresConfiguration.listenerName),
                .int8(Int64(options.listenerPatience / .milliseconds(1))),
            ])
        guard let ended = try rows.optionalInt64(0, 0), ended > 0 else { return }
        observer.observe(.listenersEnded(count: Int(ended)))
    }

    /// A session that listens is asked for a sign of life every second.
    private static let endListeners = Statement(
        postgres: """
            SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
            WHERE datname = current_database() AND usename = current_user
                AND application_name = $1
                AND GREATEST(state_change, backend_start)
                    < clock_timestamp() - $2::bigint * interval '1 millisecond'
            """,
        sqlite: "SELECT 0")
    private static let claim = Statement(
        postgres: """
            SELECT w.task FROM unnest($1::text[], $2::bigint[]) AS w (task, ms),
                LATERAL catalog_claim(w.task, w.ms * interval '1 millisecond') c
            WHERE c.claimed
            """,
        sqlite: """
            SELECT t.value FROM json_each($1) t WHERE catalog_claim(t.value, array_element(2, t.key))
            """)
    private static let trimmable = Statement(
        postgres: """
            SELECT catalog_trimmable($1::bigint, $2::bigint * interval '1 millisecond')
            """,
        sqlite: EmbeddedUpkeep.trimmable)
    private static let trim = Statement(
        postgres: """
            SELECT removed, new_floor FROM catalog_trim_log(
                $1, $2::bigint, $3::bigint * interval '1 millisecond', $4::bigint,
                $5::bigint * interval '1 millisecond', $6::int)
            """,
        sqlite: EmbeddedUpkeep.measureTrim, EmbeddedUpkeep.acknowledged, EmbeddedUpkeep.newFloor,
        EmbeddedUpkeep.trimChanges, "SELECT keep('removed', changes())",
        EmbeddedUpkeep.trimRevisions, "SELECT keep('removed', kept('removed') + changes())",
        "UPDATE namespaces SET floor = kept('new_floor') WHERE name = $1 AND floor < kept('new_floor')",
        "SELECT kept('removed') AS removed, kept('new_floor') AS new_floor")
    private static let namespaces: Statement = """
        SELECT name FROM namespaces UNION SELECT DISTINCT namespace FROM entities ORDER BY 1
        """
    private static let repair = Statement(
        postgres: "SELECT catalog_repair($1)",
        sqlite: EmbeddedUpkeep.judgeDigests, EmbeddedUpkeep.raiseRevision,
        "INSERT INTO catalog_bump (namespace) SELECT $1 WHERE kept('broken')",
        EmbeddedUpkeep.stampRows, EmbeddedUpkeep.forgetCollections,
        EmbeddedUpkeep.countCollections, EmbeddedUpkeep.repairHead, EmbeddedUpkeep.repairLog,
        "SELECT kept('broken')")
    /// Nobody restores single tables of a file.
    private static let watch = Statement(
        postgres: "SELECT catalog_watch_tables($1::bigint * interval '1 millisecond')",
        sqlite: "SELECT NULL")
    private static let restoreTriggers = Statement(
        postgres: "SELECT catalog_restore_triggers()", sqlite: "SELECT 0")
}
