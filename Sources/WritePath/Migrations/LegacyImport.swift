import Postgres
import Telemetry

/// Copies what the tables of the single-tenant era hold to namespace `default`, in batches.
///
/// Each batch is a transaction that also notes how far it came, so that a copy which was killed goes
/// on where it was, and one that is done costs one look. The old tables stay and get a column, a
/// uniqueness with it and a trigger that mirrors later writes of old binaries (migration 0013).
struct LegacyImport {
    let connection: Connection
    let observer: Observer

    /// Copies every table that is not finished, one after the other.
    ///
    /// Throws what Postgres says; locks that an old binary holds are waited for in short tries, so
    /// that its readers never queue behind this.
    func run() async throws {
        guard try await connection.query(Self.isPrepared).bool(0, 0) else { return }
        let tables = try await connection.query(Self.pending)
        for row in 0..<tables.count { try await copy(tables.string(row, 0)) }
    }

    private func copy(_ table: String) async throws {
        let start = ContinuousClock.now
        for step in Int64(1)...3 {
            _ = try await patient(Self.prepare, [.text(table), .int8(step)])
        }
        let totals = try await connection.query(Self.total, [.text(table)])
        let total = try Int(totals.int64(0, 0))
        let before = try Int(totals.int64(0, 1))
        var (seen, copied, isComplete) = (before, 0, false)
        while !isComplete {
            let rows = try await patient(
                Self.copy, [.text(table), .int8(Int64(WriteLimits.importBatch))])
            let now = try Int(rows.int64(0, 0))
            copied = try Int(rows.int64(0, 1))
            isComplete = try rows.bool(0, 2)
            let seconds = max(0.001, (ContinuousClock.now - start) / .seconds(1))
            observer.observe(
                .legacyRowsCopied(
                    table: table, rows: now, total: max(now, total), batch: now - seen,
                    rowsPerSecond: Int(Double(now - before) / seconds)))
            seen = now
        }
        _ = try await patient(Self.finish, [.text(table)])
        observer.observe(
            .legacyTableImported(
                table: table, copied: copied, skipped: seen - copied,
                duration: ContinuousClock.now - start))
    }

    /// Runs one step as a transaction, again while an old binary's transaction is in its way.
    private func patient(
        _ statement: Statement, _ parameters: [Parameter]
    ) async throws -> Rows {
        var failures = 0
        while true {
            do throws(PostgresError) {
                return try await connection.query(
                    statement, parameters, timeout: WriteLimits.migrationTimeout)
            } catch {
                failures += 1
                guard Self.isBusy(error), failures < WriteLimits.importRetries else { throw error }
            }
            try await Task.sleep(for: WriteLimits.importPause)
        }
    }

    /// A lock that was not to be had in time, or a deadlock that this side lost.
    private static func isBusy(_ error: PostgresError) -> Bool {
        error.sqlState == "55P03" || error.sqlState == "40P01"
    }

    private static let isPrepared: Statement = "SELECT to_regclass('legacy_imports') IS NOT NULL"
    private static let pending: Statement = """
        SELECT table_name FROM legacy_imports WHERE finished_at IS NULL ORDER BY table_name
        """
    private static let total: Statement = """
        SELECT rows_total, rows_read FROM legacy_imports WHERE table_name = $1
        """
    private static let prepare: Statement = "SELECT catalog_legacy_prepare($1, $2::int)"
    private static let copy: Statement = """
        SELECT total_read, total_copied, is_complete FROM catalog_legacy_copy($1, $2::int)
        """
    private static let finish: Statement = "SELECT catalog_legacy_finish($1)"
}
