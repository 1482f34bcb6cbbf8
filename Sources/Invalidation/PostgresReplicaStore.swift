package import CatalogModel
package import Postgres

/// The register of replicas in Postgres.
package struct PostgresReplicaStore: ReplicaStore {
    private let pool: Pool

    package init(pool: Pool) {
        self.pool = pool
    }

    package func report(_ report: ReplicaReport) async throws(FeedError) -> Bool {
        let rows = try await query(
            Self.report,
            [
                .text(report.replica.id), .text(report.replica.name),
                .int8(Int64(report.lease / .milliseconds(1))),
                .textArray(report.moved.map(\.namespace.name)),
                .textArray(report.moved.map(\.epoch.text)),
                .int8Array(report.moved.map { Int64(bitPattern: $0.revision.value) }),
                .textArray(report.dropped.map(\.name)),
            ])
        do throws(PostgresError) {
            return try rows.bool(0, 0)
        } catch {
            throw FeedError(.malformedRow, error.message)
        }
    }

    package func leave(_ replica: ReplicaIdentity) async throws(FeedError) {
        _ = try await query(Self.leave, [.text(replica.id)])
    }

    package func positions(
        in namespaces: [Namespace]
    ) async throws(FeedError) -> [ReplicaPosition] {
        let rows = try await query(Self.positions, [.textArray(namespaces.map(\.name))])
        do throws(PostgresError) {
            var positions: [ReplicaPosition] = []
            for row in 0..<rows.count {
                guard let namespace = try? Namespace(rows.string(row, 1)) else { continue }
                positions.append(
                    ReplicaPosition(
                        replica: try rows.string(row, 0), namespace: namespace,
                        epoch: Epoch(try rows.string(row, 2)),
                        revision: Revision(UInt64(bitPattern: try rows.int64(row, 3)))))
            }
            return positions
        } catch {
            throw FeedError(.malformedRow, error.message)
        }
    }

    private func query(
        _ statement: Statement, _ parameters: [Parameter]
    ) async throws(FeedError) -> Rows {
        do throws(PostgresError) {
            return try await pool.query(statement, parameters, timeout: FeedLimits.queryTimeout)
        } catch {
            throw FeedError(error)
        }
    }

    private static let report = Statement(
        postgres: """
            SELECT catalog_report(
                $1, $2, $3::bigint * interval '1 millisecond', $4::text[], $5::uuid[],
                $6::bigint[], $7::text[])
            """,
        sqlite: "SELECT keep('known', EXISTS (SELECT 1 FROM replicas WHERE id = $1))",
        """
        INSERT INTO replicas (id, name, seen_at, lease_until)
        VALUES ($1, $2, clock_timestamp(),
            clock_timestamp() + $3::bigint * interval '1 millisecond')
        ON CONFLICT (id) DO UPDATE
        SET seen_at = excluded.seen_at, lease_until = excluded.lease_until
        """,
        """
        INSERT INTO replica_positions (replica, namespace, epoch, revision, updated_at)
        SELECT $1, h.namespace, h.epoch, h.revision, clock_timestamp()
        FROM unnest($4::text[], $5::uuid[], $6::bigint[]) AS h (namespace, epoch, revision)
        WHERE true
        ON CONFLICT (namespace, replica) DO UPDATE
        SET epoch = excluded.epoch, revision = excluded.revision, updated_at = excluded.updated_at
        """,
        "DELETE FROM replica_positions WHERE replica = $1 AND namespace = ANY ($7::text[])",
        """
        DELETE FROM replica_positions WHERE replica IN (
            SELECT id FROM replicas WHERE lease_until < clock_timestamp())
        """,
        "DELETE FROM replicas WHERE lease_until < clock_timestamp()",
        "SELECT kept('known')")
    private static let leave = Statement(
        postgres: "SELECT catalog_leave($1)",
        sqlite: "DELETE FROM replica_positions WHERE replica = $1",
        "DELETE FROM replicas WHERE id = $1")
    private static let positions: Statement = """
        SELECT p.replica, p.namespace, p.epoch::text, p.revision
        FROM replica_positions p JOIN replicas r ON r.id = p.replica
        WHERE p.namespace = ANY ($1::text[]) AND r.lease_until > clock_timestamp()
        """
}
