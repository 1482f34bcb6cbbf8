package import CatalogModel
package import Postgres
package import Telemetry

/// The audit events of all namespaces, as they are recorded outside writes and read back.
package final class AuditLog: Sendable {
    private let pool: Pool
    private let observer: Observer
    private let groups = AuditGroups()

    /// Reads and writes through the pool.
    package init(pool: Pool, observer: Observer) {
        self.pool = pool
        self.observer = observer
    }

    /// Records the event of a request that wrote nothing: one that failed or was denied.
    ///
    /// Recorded once, even if the connection broke and the statement had to be sent again. Events
    /// of a namespace that come while another one is written share the next statement.
    package func record(_ event: AuditEvent) async throws(RequestError) {
        var event = event
        if event.id.isEmpty { event.id = AuditLog.randomUUID() }
        let failure = await groups.record(event) { await self.write($0) }
        if let failure { throw failure }
    }

    /// Writes a group; if the database refuses it, each event by itself.
    private func write(_ group: [AuditEvent]) async -> [RequestError?] {
        let query =
            group.count == 1
            ? AuditWriter.statement(group[0]) : AuditWriter.statement(group.map { ($0, nil) })
        do {
            _ = try await pool.query(query.statement, query.parameters)
            return Array(repeating: nil, count: group.count)
        } catch {
            guard group.count > 1, error.code == .server else {
                let failure = requestError(error, group[0].namespace)
                return Array(repeating: failure, count: group.count)
            }
            var outcomes: [RequestError?] = []
            for event in group { outcomes += await write([event]) }
            return outcomes
        }
    }

    /// Events that wait for the statement before theirs.
    var waitingCount: Int { groups.waitingCount }

    /// Reads one page, newest first; one round trip, which counts all matches too.
    ///
    /// Throws `.badRequest` for a token that was not made by the same list. A size below one
    /// means the default, one above the maximum the maximum.
    package func list(
        namespace: Namespace, filter: AuditFilter = AuditFilter(),
        pageSize: Int = WriteLimits.auditPageSize, pageToken: String? = nil
    ) async throws(RequestError) -> AuditPage {
        let size =
            pageSize < 1
            ? WriteLimits.auditPageSize : min(pageSize, WriteLimits.auditPageSizeMax)
        let conditions = filter.conditions
        let canonical = AuditLog.canonicalQuery(namespace, filter)
        var after: PageToken?
        if let pageToken, !pageToken.isEmpty {
            after = try PageToken(decoding: pageToken, query: canonical)
        }
        let values = [.text(namespace.name)] + conditions.map { Parameter.text($0.value) }
        var pageValues = values + [.int8(Int64(size + 1))]
        if let after {
            guard AuditLog.isUUID(after.recordID) else {
                throw .badRequest("invalid page token")
            }
            pageValues += [.int8(after.id), .uuid(after.recordID)]
        }
        let queries = [
            Query(AuditLog.page(conditions.map(\.column), isFirst: after == nil), pageValues),
            Query(AuditLog.count(conditions.map(\.column)), values),
        ]
        do {
            let answers = try await pool.withConnection { try await $0.pipeline(queries) }
            return try AuditLog.page(answers[0], size: size, total: answers[1], canonical)
        } catch {
            throw requestError(error, namespace.name)
        }
    }

    /// Reads one event of the namespace; throws `.notFound` for any other id.
    package func get(
        namespace: Namespace, id: String
    ) async throws(RequestError) -> AuditEvent {
        let missing = RequestError.notFound("audit event \"\(id)\" not found")
        guard AuditLog.isUUID(id) else { throw missing }
        do {
            let rows = try await pool.query(AuditLog.one, [.text(namespace.name), .uuid(id)])
            guard !rows.isEmpty else { throw missing }
            return try AuditLog.event(rows, 0)
        } catch {
            throw requestError(error, namespace.name)
        }
    }

    /// Removes events older than an age, in all namespaces; returns how many.
    ///
    /// The oldest go first, and what is left can be verified: the hash of the last one removed stays.
    package func trim(olderThan age: Duration) async throws(RequestError) -> Int {
        var total = 0
        defer { if total > 0 { observer.observe(.auditTrimmed(events: total)) } }
        let batch = WriteLimits.trimBatch
        let seconds = Parameter.int8(age.components.seconds)
        do {
            let names = try await pool.query(AuditLog.trimmable, [seconds])
            for row in 0..<names.count {
                let name = Parameter.text(try names.string(row, 0))
                var removed = batch
                while removed == batch {
                    let rows = try await pool.query(
                        AuditLog.trim, [name, seconds, .int8(Int64(batch))])
                    removed = Int(try rows.int64(0, 0))
                    total += removed
                }
            }
            return total
        } catch {
            throw requestError(error, Namespace.default.name)
        }
    }

    private func requestError(_ error: any Error, _ namespace: String) -> RequestError {
        RequestError.of(error, namespace: namespace, observer: observer)
    }
}
