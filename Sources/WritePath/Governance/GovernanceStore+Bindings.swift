package import CatalogModel
import Postgres

/// Which version of an asset each environment has.
extension GovernanceStore {
    /// Lists the bindings of an asset in the order of the environments.
    package func bindings(
        of asset: AssetReference, in namespace: Namespace
    ) async throws(RequestError) -> [VersionBinding] {
        do {
            let rows = try await pool.query(
                Self.bindings, GovernanceRows.identity(asset, namespace))
            let found = try (0..<rows.count).map { try Self.binding(rows, $0) }
            let order = rules.environments
            return found.sorted {
                (order.firstIndex(of: $0.environment) ?? order.count, $0.environment)
                    < (order.firstIndex(of: $1.environment) ?? order.count, $1.environment)
            }
        } catch {
            throw RequestError.of(error, namespace: namespace.name, observer: observer)
        }
    }

    /// Binds an environment to a version of the asset; returns the binding and warnings.
    ///
    /// Throws `.badRequest` for an unknown environment and where the lifecycle forbids it,
    /// `.notFound` for an asset without a record and for a version that the asset does not have.
    package func bind(
        _ asset: AssetReference, environment: String, versionID: String, by actor: GovernanceActor
    ) async throws(RequestError) -> (binding: VersionBinding, warnings: [String]) {
        try check(environment: environment)
        return try await change(by: actor) { transaction in
            guard let record = try await transaction.lockPresent(asset) else {
                throw RequestError.notFound("no governance record for asset \"\(asset.uid)\"")
            }
            let warning = try objection(to: record.state, in: environment)
            try await requireVersion(versionID, of: asset, transaction, orThrow: .notFound)
            let binding = try await write(
                asset, environment, versionID, event: "governance.promotion.bound",
                action: "promotion.bind", reason: "", &transaction)
            return (binding, warning.map { [$0] } ?? [])
        }
    }

    func check(environment: String) throws(RequestError) {
        guard rules.environments.contains(environment) else {
            let known = rules.environments.joined(separator: ", ")
            throw .badRequest("unknown environment \"\(environment)\"; known are \(known)")
        }
    }

    /// What the lifecycle says about a binding: nothing, or a warning.
    func objection(
        to state: LifecycleState, in environment: String
    ) throws(RequestError) -> String? {
        switch state {
        case .archived:
            throw .badRequest("an archived asset cannot be bound to an environment")
        case .draft where !rules.takesDrafts(environment):
            throw .badRequest("a draft asset cannot be bound to \"\(environment)\"")
        case .deprecated: "the asset is deprecated"
        case .draft, .approved: nil
        }
    }

    func requireVersion(
        _ id: String, of asset: AssetReference, _ transaction: GovernanceTransaction,
        orThrow code: RequestError.Code
    ) async throws {
        let rows = try await transaction.connection.query(
            Self.version, transaction.identity(asset) + [.text(id.storable)])
        guard !rows.isEmpty else {
            throw RequestError(code, "version \"\(id)\" of asset \"\(asset.uid)\" not found")
        }
    }

    /// The version that an environment has now; nil if none.
    func boundVersion(
        _ asset: AssetReference, _ environment: String, _ transaction: GovernanceTransaction
    ) async throws -> String? {
        let rows = try await transaction.connection.query(
            Self.bound, transaction.identity(asset) + [.text(environment)])
        return rows.isEmpty ? nil : try rows.string(0, 0)
    }

    func write(
        _ asset: AssetReference, _ environment: String, _ versionID: String, event: String,
        action: String, reason: String, _ transaction: inout GovernanceTransaction
    ) async throws -> VersionBinding {
        let rows = try await transaction.connection.query(
            Self.bindVersion,
            transaction.identity(asset) + [
                .text(environment), .text(versionID), .text(transaction.actor.name),
            ])
        let binding = try Self.binding(rows, 0)
        transaction.note(event, action: action, about: asset) {
            $0.versionID = versionID
            $0.reason = reason
            if let previous = binding.previousVersionID {
                $0.oldValue = [
                    "environment": .string(environment), "versionId": .string(previous),
                ]
            }
            $0.newValue = ["environment": .string(environment), "versionId": .string(versionID)]
        }
        return binding
    }

    private static func binding(_ rows: Rows, _ row: Int) throws(PostgresError) -> VersionBinding {
        VersionBinding(
            environment: try rows.string(row, 0), versionID: try rows.string(row, 1),
            boundAtMs: try rows.int64(row, 2), boundBy: try rows.string(row, 3),
            previousVersionID: rows.optionalString(row, 4))
    }

    private static let columns = """
        b.environment, b.version_id, floor(extract(epoch FROM b.bound_at) * 1000)::bigint,
        b.bound_by, b.previous_version_id
        """
    private static let bindings = Statement(
        "SELECT \(columns) FROM governance_bindings b WHERE \(GovernanceRows.ofAsset)")
    private static let bound = Statement(
        """
        SELECT version_id FROM governance_bindings
        WHERE \(GovernanceRows.ofAsset) AND environment = $5
        """)
    private static let version = Statement(
        """
        SELECT FROM governance_versions WHERE \(GovernanceRows.ofAsset) AND version_id = $5
        """)
    private static let bindVersion = Statement(
        """
        INSERT INTO governance_bindings AS b
            (namespace, plugin, kind, name, environment, version_id, bound_by)
        VALUES ($1, $2, $3, $4, $5, $6, $7)
        ON CONFLICT (namespace, plugin, kind, name, environment) DO UPDATE
        SET previous_version_id = b.version_id, version_id = EXCLUDED.version_id,
            bound_at = clock_timestamp(), bound_by = EXCLUDED.bound_by
        RETURNING \(columns)
        """)
}
