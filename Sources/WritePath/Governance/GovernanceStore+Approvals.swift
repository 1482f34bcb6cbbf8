package import CatalogModel
package import Postgres

/// Requests for approval: they are made by actions, and executed by the last approval.
extension GovernanceStore {
    /// Lists the requests of a namespace, newest first, each with its decisions.
    package func approvals(
        in namespace: Namespace, status: String?, assetUID: String?, size: Int?, token: String?
    ) async throws(RequestError) -> GovernancePage<ApprovalRequest> {
        let page = try await page(
            (ApprovalRows.count, ApprovalRows.first, ApprovalRows.next),
            [.text(namespace.name), .optional(status), .optional(assetUID)],
            canonical: "approvals\n\(namespace.name)\n\(status ?? "")\n\(assetUID ?? "")",
            size: size, token: token, in: namespace, ApprovalRows.request, key: { $0.id })
        do {
            let rows = try await pool.query(
                ApprovalRows.decisions, [.textArray(page.items.map(\.id))])
            let decisions = try ApprovalRows.decisions(rows)
            let items = page.items.map { item in
                var item = item
                item.decisions = decisions[item.id] ?? []
                return item
            }
            return GovernancePage(
                items: items, nextPageToken: page.nextPageToken, totalSize: page.totalSize)
        } catch {
            throw RequestError.of(error, namespace: namespace.name, observer: observer)
        }
    }

    /// Reads one request; throws `.notFound` for an id that the namespace does not have.
    package func approval(
        _ id: String, in namespace: Namespace
    ) async throws(RequestError) -> ApprovalRequest {
        do {
            return try await pool.withConnection {
                try await Self.request(id, namespace, ApprovalRows.one, on: $0)
            }
        } catch {
            throw RequestError.of(error, namespace: namespace.name, observer: observer)
        }
    }

    private static func request(
        _ id: String, _ namespace: Namespace, _ statement: Statement, on connection: Connection
    ) async throws -> ApprovalRequest {
        let missing = RequestError.notFound("approval request \"\(id)\" not found")
        guard AuditLog.isUUID(id) else { throw missing }
        let rows = try await connection.query(statement, [.text(namespace.name), .uuid(id)])
        guard !rows.isEmpty else { throw missing }
        var request = try ApprovalRows.request(rows, 0)
        let decisions = try await connection.query(
            ApprovalRows.decisions, [.textArray([request.id])])
        request.decisions = try ApprovalRows.decisions(decisions)[request.id] ?? []
        return request
    }

    /// Asks for approval of a change; returns the request's id.
    func request(
        _ record: GovernanceRecord, to target: LifecycleState, reason: String, name: String,
        _ gate: ApprovalPolicy, _ transaction: inout GovernanceTransaction
    ) async throws -> String {
        let id = AuditLog.randomUUID()
        let (from, to) = (record.state.rawValue, target.rawValue)
        _ = try await transaction.connection.query(
            ApprovalRows.insert,
            transaction.identity(record.asset) + [
                .uuid(id), .text(name), .text(from), .text(to), .text(gate.id),
                .int8(Int64(gate.requiredCount)), .text(transaction.actor.name),
                .text(reason.storable), .optional(gate.expiryHours.map { Int64($0) }),
            ])
        transaction.note("governance.approval.requested", action: name, about: record.asset) {
            $0.outcome = .pending
            $0.correlationID = id
            $0.reason = reason
            $0.oldValue = ["state": .string(from)]
            $0.newValue = ["state": .string(to)]
            $0.metadata?["policyId"] = .string(gate.id)
        }
        return id
    }

    /// Cancels a request that waits; throws `.notFound`, or `.conflict` if it is resolved.
    package func cancel(
        _ id: String, reason: String, by actor: GovernanceActor
    ) async throws(RequestError) {
        try await change(by: actor) { transaction in
            let (request, _) = try await lock(id, transaction)
            guard request.status == .pending else {
                throw RequestError.conflict(
                    "approval request \"\(id)\" is already \(request.status.rawValue)")
            }
            try await resolve(request, .canceled, note: reason, transaction)
            transaction.note(
                "governance.approval.canceled", action: "approval.cancel", about: request.asset
            ) {
                $0.correlationID = request.id
                $0.reason = reason
            }
        }
    }

    /// How a decision ended, as clients get it.
    package enum Decided: Sendable, Hashable {
        case executed(GovernanceResult)
        /// The approvals are there, but the rules do not allow the change any more.
        case notExecuted(reason: String)
        case denied
        case waiting(approvals: Int, denials: Int, required: Int)
    }

    /// Decides on a request, and executes the change when the approvals are complete.
    ///
    /// The asset is locked from before the count to the commit, so that of several reviewers one
    /// executes. Throws `.notFound`, `.conflict` and `.notAllowed`.
    package func decide(
        _ id: String, _ verdict: ApprovalRequest.Verdict, comment: String,
        by actor: GovernanceActor
    ) async throws(RequestError) -> Decided {
        try await change(by: actor) { transaction in
            let (request, record) = try await lock(id, transaction)
            let policy = rules.policies.first { $0.id == request.policyID }
            // A policy that is gone asks for one approval.
            let required = policy?.requiredCount ?? 1
            let effect = try request.effect(
                of: verdict, by: actor.name, required: required,
                deniesOnFirst: policy?.deniesOnFirst ?? false)
            try checkRole(actor, policy)
            _ = try await transaction.connection.query(
                ApprovalRows.decide,
                [
                    .uuid(request.id), .text(actor.name), .text(verdict.rawValue),
                    .text(comment.storable),
                ])
            transaction.note(
                "governance.approval.decision", action: "approval.\(verdict.rawValue)",
                about: request.asset
            ) {
                $0.correlationID = request.id
                $0.reason = comment
            }
            switch effect {
            case .waits(let approvals, let denials):
                return .waiting(approvals: approvals, denials: denials, required: required)
            case .denies:
                try await resolve(request, .denied, note: comment, transaction)
                transaction.note(
                    "governance.approval.denied", action: request.action, about: request.asset
                ) {
                    $0.correlationID = request.id
                    $0.reason = comment
                }
                return .denied
            case .executes:
                return try await execute(request, record, &transaction)
            }
        }
    }

    private func checkRole(
        _ actor: GovernanceActor, _ policy: ApprovalPolicy?
    ) throws(RequestError) {
        guard rules.enforcesRoles, let policy, !policy.allowedRoles.isEmpty else { return }
        guard !actor.roles.isDisjoint(with: policy.allowedRoles) else {
            let roles = policy.allowedRoles.joined(separator: ", ")
            throw RequestError(.notAllowed, "policy \"\(policy.id)\" asks for one of: \(roles)")
        }
    }

    /// Looks at the rules again: the asset may have changed since the request.
    private func execute(
        _ request: ApprovalRequest, _ record: GovernanceRecord,
        _ transaction: inout GovernanceTransaction
    ) async throws -> Decided {
        var objection: String?
        var target = record.state
        if record.state.rawValue != request.from {
            objection = "the asset is \(record.state.rawValue), no longer \(request.from)"
        } else {
            do throws(RequestError) {
                target = try Self.target(request.to, from: record.state)
            } catch {
                objection = error.message
            }
        }
        let note = objection.map { "execution failed: \($0)" } ?? ""
        try await resolve(request, .approved, note: note, transaction)
        if let objection {
            transaction.note(
                "governance.approval.execution_failed", action: request.action,
                about: request.asset
            ) {
                $0.outcome = .failure
                $0.correlationID = request.id
                $0.reason = objection
            }
            return .notExecuted(reason: objection)
        }
        try await transaction.move(
            record, to: target, reason: request.reason, by: request.requester,
            action: request.action, correlation: request.id)
        return .executed(Self.moved(request.from, request.to, request.reason, request.action))
    }

    /// Locks the asset first and the request then, as every change does.
    private func lock(
        _ id: String, _ transaction: GovernanceTransaction
    ) async throws -> (ApprovalRequest, GovernanceRecord) {
        let namespace = transaction.namespace
        let connection = transaction.connection
        let seen = try await Self.request(id, namespace, ApprovalRows.one, on: connection)
        let record = try await transaction.lock(seen.asset)
        return (
            try await Self.request(id, namespace, ApprovalRows.lock, on: connection), record
        )
    }

    private func resolve(
        _ request: ApprovalRequest, _ status: ApprovalRequest.Status, note: String,
        _ transaction: GovernanceTransaction
    ) async throws {
        _ = try await transaction.connection.query(
            ApprovalRows.resolve,
            [
                .text(transaction.namespace.name), .uuid(request.id), .text(status.rawValue),
                .text(transaction.actor.name), note.isEmpty ? .null : .text(note.storable),
            ])
    }
}

/// Resolves the requests on which nobody has decided in time.
package enum ApprovalSweep {
    /// Goes through all namespaces, one transaction for each batch; returns how many expired.
    package static func run(_ pool: Pool) async throws(PostgresError) -> Int {
        let names = try await pool.query(ApprovalRows.overdue)
        var total = 0
        for row in 0..<names.count {
            let parameters: [Parameter] = [
                .text(try names.string(row, 0)), .int8(Int64(WriteLimits.approvalSweepBatch)),
            ]
            var expired = WriteLimits.approvalSweepBatch
            while expired == WriteLimits.approvalSweepBatch {
                expired = try await pool.query(ApprovalRows.expire, parameters).affectedRows
                total += expired
            }
        }
        return total
    }
}
