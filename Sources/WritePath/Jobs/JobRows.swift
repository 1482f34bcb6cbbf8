import CatalogModel
import Postgres

/// How jobs come out of their table.
enum JobRows {
    /// The columns that `job` reads, in its order; `j` is the table.
    static let columns = """
        j.id, j.namespace, j.plugin, j.source_id, j.requested_by,
        floor(extract(epoch FROM j.requested_at) * 1000)::bigint, j.state, j.progress, j.message,
        floor(extract(epoch FROM j.started_at) * 1000)::bigint,
        floor(extract(epoch FROM j.finished_at) * 1000)::bigint,
        j.attempt_count, j.last_error, j.entities_loaded, j.entities_removed, j.duration_ms,
        j.cancel_requested, (extract(epoch FROM j.requested_at) * 1000000)::bigint,
        LEAST(j.caused_by_revision,
            (SELECT n.revision FROM namespaces n WHERE n.name = j.namespace))
        """
    /// Column with the microseconds of the request, which order the list.
    static let orderColumn = 17

    static func job(_ rows: Rows, _ row: Int) throws(PostgresError) -> Job {
        guard let state = JobState(rawValue: try rows.string(row, 6)) else {
            throw PostgresError(.decoding, "a job has an unknown state")
        }
        return Job(
            id: try rows.string(row, 0), namespace: try namespace(rows.string(row, 1)),
            plugin: try rows.string(row, 2), source: try rows.string(row, 3),
            requestedBy: try rows.string(row, 4), requestedAtMs: try rows.int64(row, 5),
            state: state, progress: rows.optionalString(row, 7),
            message: rows.optionalString(row, 8), startedAtMs: try rows.optionalInt64(row, 9),
            finishedAtMs: try rows.optionalInt64(row, 10), attempt: Int(try rows.int64(row, 11)),
            lastError: rows.optionalString(row, 12),
            loaded: try rows.optionalInt64(row, 13).map { Int($0) },
            removed: try rows.optionalInt64(row, 14).map { Int($0) },
            durationMs: try rows.optionalInt64(row, 15),
            isCancelRequested: try rows.bool(row, 16),
            // A restored store may have gone back behind the cause; then its head is enough.
            causedBy: try rows.optionalInt64(row, 18).map { Revision(UInt64(clamping: $0)) })
    }

    static func first(_ rows: Rows) throws(PostgresError) -> Job? {
        rows.isEmpty ? nil : try job(rows, 0)
    }

    static func namespace(_ name: String) throws(PostgresError) -> Namespace {
        do {
            return try Namespace(name)
        } catch {
            throw PostgresError(.decoding, "a row has a malformed namespace")
        }
    }
}

extension Duration {
    /// Whole milliseconds, rounded down.
    var wholeMs: Int64 { Int64(self / .milliseconds(1)) }
}

extension String {
    /// The text up to a number of characters, with a mark where it was cut.
    func clipped(_ length: Int = JobLimits.errorLength) -> String {
        count <= length ? self : prefix(length - 1) + "…"
    }
}
