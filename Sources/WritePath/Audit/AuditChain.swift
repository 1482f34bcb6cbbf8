package import CatalogModel
package import Postgres
import Synchronization
package import Telemetry

/// Checks that nobody has changed, removed, added or moved an audit event of a namespace.
///
/// Who can write every table can also write a new chain: whoever wants to be sure keeps the end
/// of the chain elsewhere and compares.
package final class AuditChain: Sendable {
    /// What a check has found.
    package struct Verdict: Sendable, Hashable {
        /// The first place where the chain breaks.
        package struct Break: Sendable, Hashable {
            /// The event that is not right; nil where one is missing.
            package let id: String?
            package let sequence: Int64?
            package let reason: String
        }

        /// Events that were found right.
        package let checked: Int
        package let firstBroken: Break?
        /// The number and the hash of the last event, in hexadecimal digits.
        package let headSequence: Int64
        package let headHash: String
        /// The number of the last event that retention has removed.
        package let anchorSequence: Int64

        package var isValid: Bool { firstBroken == nil }

        /// The verdict as clients get it.
        package var json: JSONObject {
            var json: JSONObject = ["valid": .bool(isValid), "checked": .int(checked)]
            if let firstBroken {
                var broken = JSONObject()
                broken["id"] = firstBroken.id.map { .string($0) }
                broken["sequence"] = firstBroken.sequence.map { .int($0) }
                broken["reason"] = .string(firstBroken.reason)
                json["firstBroken"] = .object(broken)
            }
            json["head"] = ["sequence": .int(headSequence), "hash": .string(headHash)]
            json["anchor"] = ["sequence": .int(anchorSequence)]
            return json
        }
    }

    private let pool: Pool
    private let observer: Observer
    /// The namespaces whose chains are being checked.
    private let underWay = Mutex<Set<Namespace>>([])

    /// Reads through the pool.
    package init(pool: Pool, observer: Observer) {
        self.pool = pool
        self.observer = observer
    }

    /// Walks through all events of the namespace in one snapshot, a thousand a round trip.
    ///
    /// Keeps a connection for about 20 µs an event. Throws `.unavailable` without a database, and
    /// `.tooManyRequests` while the namespace, or as many as are allowed at once, are being checked.
    package func verify(_ namespace: Namespace) async throws(RequestError) -> Verdict {
        try begin(namespace)
        defer { underWay.withLock { _ = $0.remove(namespace) } }
        do {
            return try await pool.withConnection { connection in
                _ = try await connection.query(Self.begin)
                do {
                    let verdict = try await walk(namespace, on: connection)
                    _ = try await connection.query(CatalogStore.commit)
                    return verdict
                } catch {
                    _ = try? await connection.query(CatalogStore.rollback)
                    throw error
                }
            }
        } catch {
            throw RequestError.of(error, namespace: namespace.name, observer: observer)
        }
    }

    /// How many checks are under way.
    var checks: Int { underWay.withLock { $0.count } }

    private func begin(_ namespace: Namespace) throws(RequestError) {
        let isFree = underWay.withLock { checked in
            guard checked.count < WriteLimits.chainChecks else { return false }
            return checked.insert(namespace).inserted
        }
        guard isFree else {
            throw RequestError(
                .tooManyRequests, "audit chains are being checked; try again later",
                details: ["retryAfter": "5"])
        }
    }

    private func walk(
        _ namespace: Namespace, on connection: Connection
    ) async throws(PostgresError) -> Verdict {
        let name = Parameter.text(namespace.name)
        let chain = try await connection.query(Self.chain, [name])
        let none = [UInt8](repeating: 0, count: 32)
        let isThere = !chain.isEmpty
        let headSequence = isThere ? try chain.int64(0, 0) : 0
        let headHash = isThere ? try chain.bytes(0, 1) : none
        let anchor = isThere ? try chain.int64(0, 2) : 0
        var walk = ChainWalk(after: anchor, hash: isThere ? try chain.bytes(0, 3) : none)
        var found: ChainWalk.Break?
        var parameters = [name, .int8(Int64(WriteLimits.chainBatch))]
        while found == nil {
            let isFirst = parameters.count == 2
            let rows = try await connection.query(
                isFirst ? Self.firstLinks : Self.nextLinks, parameters)
            for row in 0..<rows.count where found == nil {
                found = walk.follow(try Self.link(rows, row))
            }
            guard rows.count == WriteLimits.chainBatch else { break }
            let last = rows.count - 1
            parameters = [
                name, .int8(Int64(WriteLimits.chainBatch)), .int8(try rows.int64(last, 5)),
                .uuid(try rows.string(last, 0)),
            ]
        }
        found = found ?? walk.end(headSequence, headHash)
        return Verdict(
            checked: walk.checked, firstBroken: try await named(found, name, on: connection),
            headSequence: headSequence, headHash: Self.hex(headHash), anchorSequence: anchor)
    }

    /// An event that is not where it should be may stand elsewhere: then that is the one to name.
    private func named(
        _ found: ChainWalk.Break?, _ name: Parameter, on connection: Connection
    ) async throws(PostgresError) -> Verdict.Break? {
        guard let found else { return nil }
        if found.fault == .missing, let sequence = found.sequence {
            let rows = try await connection.query(Self.bySequence, [name, .int8(sequence)])
            if !rows.isEmpty {
                let isSound = try ChainWalk(after: 0, hash: []).isSound(Self.link(rows, 0))
                let fault: ChainWalk.Fault = isSound ? .misplaced : .changed
                return Verdict.Break(
                    id: try rows.string(0, 0), sequence: sequence, reason: fault.rawValue)
            }
        }
        return Verdict.Break(
            id: found.id, sequence: found.sequence, reason: found.fault.rawValue)
    }

    private static func link(_ rows: Rows, _ row: Int) throws(PostgresError) -> ChainWalk.Link {
        ChainWalk.Link(
            id: try rows.string(row, 0), sequence: try rows.optionalInt64(row, 1),
            previousHash: try rows.optionalBytes(row, 2), hash: try rows.optionalBytes(row, 3),
            canonical: try rows.bytes(row, 4))
    }

    private static func hex(_ bytes: [UInt8]) -> String {
        bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }
}

extension AuditChain {
    private static let begin: Statement = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
    private static let chain: Statement = """
        SELECT sequence, hash, anchor_sequence, anchor_hash FROM audit_chains WHERE namespace = $1
        """
    /// The canonical text is spelt out here: a function of the database could have been replaced.
    private static let columns = """
        e.id::text, e.sequence, e.prev_hash, e.hash, convert_to(jsonb_build_array(
            e.id::text, e.namespace, e.sequence,
            floor(extract(epoch FROM e.created_at) * 1000000)::bigint,
            e.event_type, e.actor, e.outcome, e.correlation_id, e.request_id, e.plugin,
            e.resource_type, to_jsonb(e.resource_ids), e.asset_uid, e.version_id, e.action,
            e.action_verb, e.status_code, e.reason, e.old_value, e.new_value, e.metadata,
            encode(e.prev_hash, 'hex'))::text, 'UTF8'),
        floor(extract(epoch FROM e.created_at) * 1000000)::bigint
        """
    /// The same values as SQLite spells them; the text is the same.
    private static let embeddedColumns = """
        e.id, e.sequence, e.prev_hash, e.hash, catalog_jsonb(json_array(
            e.id, e.namespace, e.sequence, e.created_at, e.event_type, e.actor, e.outcome,
            e.correlation_id, e.request_id, e.plugin, e.resource_type, json(e.resource_ids),
            e.asset_uid, e.version_id, e.action, e.action_verb, e.status_code, e.reason,
            json(e.old_value), json(e.new_value), json(e.metadata), encode(e.prev_hash, 'hex'))),
        e.created_at
        """
    private static let firstLinks = links("ORDER BY e.created_at, e.id LIMIT $2::bigint")
    private static let nextLinks = links(
        """
        AND (e.created_at, e.id)
            > ('epoch'::timestamptz + $3::bigint * interval '1 microsecond', $4::uuid)
        ORDER BY e.created_at, e.id LIMIT $2::bigint
        """)
    private static let bySequence = links("AND e.sequence = $2::bigint LIMIT 1")

    private static func links(_ rest: String) -> Statement {
        Statement(
            postgres: "SELECT \(columns) FROM audit_events e WHERE e.namespace = $1 \(rest)",
            sqlite: "SELECT \(embeddedColumns) FROM audit_events e WHERE e.namespace = $1 \(rest)")
    }
}
