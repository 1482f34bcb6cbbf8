package import CatalogModel
package import Postgres

extension JobQueue {
    /// Which jobs a list shows; nil means any.
    package struct Filter: Sendable, Hashable {
        package var plugin: String?
        package var source: String?
        package var state: String?
        package var requestedBy: String?

        /// Makes a filter from the parameters of a request.
        package init(
            plugin: String? = nil, source: String? = nil, state: String? = nil,
            requestedBy: String? = nil
        ) {
            self.plugin = plugin
            self.source = source
            self.state = state
            self.requestedBy = requestedBy
        }

        fileprivate var parameters: [Parameter] {
            [plugin, source, state, requestedBy].map { .optional($0) }
        }

        /// Throws for a text that Postgres cannot hold.
        fileprivate func check() throws(RequestError) {
            for part in [plugin, source, state, requestedBy] where part?.utf8.contains(0) == true {
                throw .badRequest("a filter must not contain the character U+0000")
            }
        }

        /// Names the query that a page token belongs to.
        fileprivate func text(_ namespace: Namespace) -> String {
            let parts = [plugin, source, state, requestedBy].map { part in
                part.map { "\($0.utf8.count):\($0)" } ?? "-"
            }
            return "jobs \(namespace.name) " + parts.joined(separator: " ")
        }
    }

    /// One page of the list.
    package struct Page: Sendable {
        package let jobs: [Job]
        /// Empty on the last page.
        package let nextPageToken: String
        package let totalSize: Int

        /// The page as clients see it.
        package var json: JSONValue {
            [
                "jobs": .array(jobs.map(\.json)), "nextPageToken": .string(nextPageToken),
                "totalSize": .int(totalSize),
            ]
        }
    }

    private static let one = Statement(
        "SELECT \(JobRows.columns) FROM refresh_jobs j WHERE j.namespace = $1 AND j.id::text = $2")
    private static let matching = """
        j.namespace = $1 AND ($2::text IS NULL OR j.plugin = $2)
            AND ($3::text IS NULL OR j.source_id = $3) AND ($4::text IS NULL OR j.state = $4)
            AND ($5::text IS NULL OR j.requested_by = $5)
        """
    private static let total = Statement("SELECT count(*) FROM refresh_jobs j WHERE \(matching)")
    private static let page = Statement(
        """
        SELECT \(JobRows.columns) FROM refresh_jobs j WHERE \(matching)
            AND ($6::bigint IS NULL OR (j.requested_at, j.id) <
                (timestamptz 'epoch' + $6::bigint * interval '1 microsecond', $7::uuid))
        ORDER BY j.requested_at DESC, j.id DESC LIMIT $8
        """)

    /// One job of the namespace; throws `.notFound`.
    package func get(_ namespace: Namespace, id: String) async throws(RequestError) -> Job {
        let job = try await answering(namespace) {
            try JobRows.first(
                await self.pool.query(
                    JobQueue.one, [.text(namespace.name), .text(try JobQueue.canonical(id))]))
        }
        guard let job else { throw JobQueue.notFound(id) }
        return job
    }

    /// The jobs of a namespace, newest first; throws `.badRequest` for a foreign token.
    ///
    /// Sizes outside 1...100 are brought into it, nil and 0 mean 20.
    package func list(
        _ namespace: Namespace, filter: Filter = Filter(), pageSize: Int? = nil,
        pageToken: String = ""
    ) async throws(RequestError) -> Page {
        let wanted = (pageSize ?? 0) <= 0 ? JobLimits.pageSize : pageSize ?? 0
        let size = min(wanted, JobLimits.pageSizeMax)
        try filter.check()
        let query = filter.text(namespace)
        var after: [Parameter] = [.null, .null]
        if !pageToken.isEmpty {
            let token = try PageToken(decoding: pageToken, query: query)
            after = [.int8(token.id), .uuid(token.recordID)]
        }
        let common = [.text(namespace.name)] + filter.parameters
        return try await answering(namespace) { [after] in
            let total = try await self.pool.query(JobQueue.total, common).int64(0, 0)
            let rows = try await self.pool.query(
                JobQueue.page, common + after + [.int8(Int64(size + 1))])
            let jobs = try (0..<min(rows.count, size)).map { try JobRows.job(rows, $0) }
            var next = ""
            if rows.count > size, let last = jobs.last {
                let micros = try rows.int64(jobs.count - 1, JobRows.orderColumn)
                next = PageToken(query: query, key: Array(last.id.utf8), id: micros).encoded
            }
            return Page(jobs: jobs, nextPageToken: next, totalSize: Int(total))
        }
    }

    /// The error for an id that no job of the namespace has.
    static func notFound(_ id: String) -> RequestError { .notFound("job \"\(id)\" not found") }

    /// The id as Postgres prints it; anything that cannot be an id is not found.
    static func canonical(_ id: String) throws(RequestError) -> String {
        guard id.utf8.count == 36, !id.utf8.contains(0) else { throw notFound(id) }
        return id.lowercased()
    }

    /// How many jobs of all namespaces are not finished, by state.
    package func unfinished() async throws(PostgresError) -> [JobState: Int] {
        let rows = try await pool.query(JobQueue.unfinishedCounts)
        var counts: [JobState: Int] = [:]
        for row in 0..<rows.count {
            if let state = JobState(rawValue: try rows.string(row, 0)) {
                counts[state] = Int(try rows.int64(row, 1))
            }
        }
        return counts
    }

    private static let unfinishedCounts: Statement = """
        SELECT state, count(*) FROM refresh_jobs WHERE state IN ('queued', 'running')
        GROUP BY state
        """
}
