package import Postgres
package import Telemetry

/// Moves everything that an embedded store holds to an empty Postgres, in one transaction there.
///
/// Entities keep ids, versions, revisions, digests and times, audit events their chain; replicas and
/// clients go on with the revisions that they know. Leases and positions of replicas stay behind.
package struct StoreCopy: Sendable {
    /// What was moved.
    package struct Report: Sendable {
        /// Tables in the order of the copy, each with its rows.
        package var rows: [(table: String, count: Int)] = []
        /// Namespaces whose digests were compared with those of the rows.
        package var namespaces = 0
    }

    private let source: PostgresConfiguration
    private let target: PostgresConfiguration
    private let reactor: Reactor
    private let observer: Observer
    private let noted: @Sendable (_ table: String, _ rows: Int) -> Void

    /// Prepares a copy; `noted` is called for each table that has gone over.
    package init(
        from source: PostgresConfiguration, to target: PostgresConfiguration, reactor: Reactor,
        observer: Observer, noted: @escaping @Sendable (String, Int) -> Void = { _, _ in }
    ) {
        self.source = source
        self.target = target
        self.reactor = reactor
        self.observer = observer
        self.noted = noted
    }

    /// Brings both schemas up to date, copies, compares and commits.
    ///
    /// Throws `.copyTargetNotEmpty`, `.copyDiffers` when counts, digests or chains are not the same
    /// at the end, and what migrations throw; then nothing has changed in the target but its schema.
    package func run() async throws -> Report {
        for configuration in [source, target] {
            _ = try await Migrator(
                configuration: configuration, reactor: reactor, observer: observer
            ).run()
        }
        let reading = try await Connection.connect(source, reactor: reactor)
        do {
            let writing = try await Connection.connect(target, reactor: reactor)
            do {
                let report = try await copy(from: reading, to: writing)
                await writing.close()
                await reading.close()
                return report
            } catch {
                // Ends the transaction with the session.
                await writing.close()
                throw error
            }
        } catch {
            await reading.close()
            throw error
        }
    }

    private func copy(from reading: Connection, to writing: Connection) async throws -> Report {
        _ = try await reading.query("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
        _ = try await writing.query("BEGIN ISOLATION LEVEL READ COMMITTED")
        try await checkEmpty(writing)
        try await writing.execute(script: Self.disarm)
        var report = Report()
        for table in CopiedTable.all {
            let count = try await copy(table, from: reading, to: writing)
            report.rows.append((table.name, count))
            noted(table.name, count)
        }
        try await writing.execute(script: Self.rearm, timeout: WriteLimits.migrationTimeout)
        report.namespaces = try await compare(reading, writing, report)
        _ = try await writing.query("COMMIT", timeout: WriteLimits.migrationTimeout)
        return report
    }

    private func checkEmpty(_ writing: Connection) async throws {
        for table in CopiedTable.all {
            // A new schema has the namespace `default`, and nothing happened in it.
            let condition = table.name == "namespaces" ? " WHERE revision > 0" : ""
            let rows = try await writing.query(
                Statement("SELECT EXISTS (SELECT FROM \(table.name)\(condition))"))
            guard try !rows.bool(0, 0) else {
                throw WriteError(
                    .copyTargetNotEmpty,
                    "the target is not empty: its table \(table.name) has rows")
            }
        }
    }

    private func copy(
        _ table: CopiedTable, from reading: Connection, to writing: Connection
    ) async throws -> Int {
        let insert = Statement(table.insert)
        var parameters: [Parameter] = [.int8(Int64(WriteLimits.importBatch))]
        var total = 0
        while true {
            let rows = try await reading.query(
                Statement(table.select(isFirst: total == 0)), parameters)
            guard !rows.isEmpty else { return total }
            let columns = table.columns.indices.map { column in
                Parameter.optionalTextArray(
                    (0..<rows.count).map { rows.optionalString($0, column) })
            }
            let written = try await writing.query(
                insert, columns, timeout: WriteLimits.migrationTimeout)
            guard written.affectedRows == rows.count else {
                throw WriteError(.copyDiffers, "rows of \(table.name) were not taken")
            }
            total += rows.count
            guard rows.count == WriteLimits.importBatch else { return total }
            let last = rows.count - 1
            parameters =
                [.int8(Int64(WriteLimits.importBatch))]
                + table.key.map { .text(rows.optionalString(last, $0) ?? "") }
        }
    }

    // MARK: Comparing

    private func compare(
        _ reading: Connection, _ writing: Connection, _ report: Report
    ) async throws -> Int {
        for (table, count) in report.rows {
            let there = try await writing.query(Statement("SELECT count(*) FROM \(table)"))
            guard try there.int64(0, 0) == Int64(count) else {
                throw WriteError(.copyDiffers, "\(table) has another number of rows in the target")
            }
        }
        let heads: Statement = "SELECT name, epoch, revision, digest FROM namespaces ORDER BY name"
        let (here, there) = (try await reading.query(heads), try await writing.query(heads))
        for row in 0..<here.count {
            for column in 0..<4
            where here.optionalString(row, column) != there.optionalString(row, column) {
                throw WriteError(
                    .copyDiffers,
                    "namespace \(try here.string(row, 0)) has another head in the target")
            }
            let name = try here.string(row, 0)
            let holds = try await writing.query(
                "SELECT catalog_digest_holds($1)", [.text(name)],
                timeout: WriteLimits.digestTimeout)
            guard try holds.bool(0, 0) else {
                throw WriteError(
                    .copyDiffers, "the rows of namespace \(name) are not those of its digest")
            }
        }
        let broken = try await writing.query(
            """
            SELECT count(*) FROM audit_events e WHERE e.hash IS DISTINCT FROM catalog_audit_hash(e)
            """, timeout: WriteLimits.digestTimeout)
        guard try broken.int64(0, 0) == 0 else {
            throw WriteError(.copyDiffers, "audit events do not have the content of their hashes")
        }
        return here.count
    }
}

extension StoreCopy {
    /// The rows bring their stamps: no trigger may make new ones.
    private static let disarm = """
        DELETE FROM namespaces WHERE revision = 0;
        DO $$
        DECLARE
            target regclass;
        BEGIN
            FOR target IN SELECT p.relid FROM pg_partition_tree('entities'::regclass) p LOOP
                EXECUTE format('ALTER TABLE %s DISABLE TRIGGER USER', target);
            END LOOP;
        END $$;
        ALTER TABLE entity_overlays DISABLE TRIGGER USER;
        """
    private static let rearm = """
        DO $$
        DECLARE
            target regclass;
        BEGIN
            FOR target IN SELECT p.relid FROM pg_partition_tree('entities'::regclass) p LOOP
                PERFORM catalog_attach_triggers(target);
                EXECUTE format('ALTER TABLE %s ENABLE ALWAYS TRIGGER catalog_overlay', target);
            END LOOP;
        END $$;
        ALTER TABLE entity_overlays ENABLE ALWAYS TRIGGER entity_overlays_changed;
        SELECT catalog_align_ids();
        SELECT setval(pg_get_serial_sequence('source_revisions', 'sequence'),
            GREATEST(1, (SELECT max(r.sequence) FROM source_revisions r)));
        """
}
