package import CatalogModel
import Postgres

/// The actions on assets; whatever goes wrong with one is the caller's mistake.
extension GovernanceStore {
    /// Runs an action, or says what it would do.
    ///
    /// Throws `.badRequest` for all that the action cannot do.
    package func perform(
        _ name: String, params: JSONObject, dryRun: Bool, on asset: AssetReference,
        by actor: GovernanceActor
    ) async throws(RequestError) -> GovernanceResult {
        let action = try GovernanceAction(name: name, params: params)
        return try await change(by: actor) { transaction in
            let record = try await transaction.lock(asset)
            if dryRun, isAuditEnabled { transaction.noteDryRun(name, on: asset) }
            let data: JSONObject
            switch action {
            case .transition(let target, let reason):
                return try await transition(
                    record, to: target, reason: reason, name: name, dryRun: dryRun, &transaction)
            case .createVersion(let label, let reason):
                try Self.check(label: label)
                data = try await version(record, label, reason, name, dryRun, &transaction)
            case .bind(let environment, let versionID):
                data = try await bind(record, environment, versionID, name, dryRun, &transaction)
            case .promote(let from, let to):
                data = try await promote(record, from, to, name, dryRun, &transaction)
            case .rollback(let environment, let versionID):
                data = try await rollback(
                    record, environment, versionID, name, dryRun, &transaction)
            }
            return GovernanceResult(
                action: name, status: dryRun ? .dryRun : .completed,
                message: dryRun ? "\(name) would be done" : "\(name) is done", data: data)
        }
    }

    /// The state that a change leads to; throws what the rules say against it.
    static func target(
        _ text: String, from state: LifecycleState
    ) throws(RequestError) -> LifecycleState {
        let from = state.rawValue
        let verdict = LifecycleMachine.verdict(from: from, to: text)
        if verdict == .denied {
            throw .lifecycle(
                "LIFECYCLE_TRANSITION_DENIED", from: from, to: text,
                "lifecycle transition from \"\(from)\" to \"\(text)\" is not allowed")
        }
        guard verdict != .invalid, let target = LifecycleState(rawValue: text) else {
            throw .lifecycle(
                "LIFECYCLE_INVALID_TRANSITION", from: from, to: text,
                "invalid lifecycle transition from \"\(from)\" to \"\(text)\"")
        }
        return target
    }

    private func transition(
        _ record: GovernanceRecord, to text: String, reason: String, name: String, dryRun: Bool,
        _ transaction: inout GovernanceTransaction
    ) async throws -> GovernanceResult {
        let target = try Self.target(text, from: record.state)
        let gate = rules.gate(record, to: target)
        let from = record.state.rawValue
        if dryRun {
            var data: JSONObject = [
                "from": .string(from), "to": .string(text), "requiresApproval": .bool(gate != nil),
            ]
            data["policyId"] = gate.map { .string($0.id) }
            data["requiredCount"] = gate.map { .int($0.requiredCount) }
            return GovernanceResult(
                action: name, status: .dryRun, message: "would change from \(from) to \(text)",
                data: data)
        }
        if let gate {
            let id = try await request(
                record, to: target, reason: reason, name: name, gate, &transaction)
            return GovernanceResult(
                action: name, status: .pendingApproval,
                message: "the change from \(from) to \(text) waits for approval",
                data: [
                    "requestId": .string(id), "policyId": .string(gate.id),
                    "requiredCount": .int(gate.requiredCount),
                ])
        }
        try await transaction.move(
            record, to: target, reason: reason, by: transaction.actor.name, action: name)
        return Self.moved(from, text, reason, name)
    }

    static func moved(
        _ from: String, _ to: String, _ reason: String, _ name: String
    ) -> GovernanceResult {
        GovernanceResult(
            action: name, status: .completed, message: "changed from \(from) to \(to)",
            data: ["from": .string(from), "to": .string(to), "reason": .string(reason)])
    }

    private func version(
        _ record: GovernanceRecord, _ label: String, _ reason: String, _ name: String,
        _ dryRun: Bool, _ transaction: inout GovernanceTransaction
    ) async throws -> JSONObject {
        if dryRun {
            return [
                "versionLabel": .string(label), "lifecycleState": .string(record.state.rawValue),
            ]
        }
        let version = try await createVersion(
            of: record, label: label, reason: reason, action: name, &transaction)
        return ["versionId": .string(version.id), "versionLabel": .string(label)]
    }

    private func bind(
        _ record: GovernanceRecord, _ environment: String, _ versionID: String, _ name: String,
        _ dryRun: Bool, _ transaction: inout GovernanceTransaction
    ) async throws -> JSONObject {
        try check(environment: environment)
        let warning = try objection(to: record.state, in: environment)
        try await requireVersion(versionID, of: record.asset, transaction, orThrow: .badRequest)
        let previous = try await boundVersion(record.asset, environment, transaction)
        if !dryRun {
            _ = try await write(
                record.asset, environment, versionID, event: "governance.promotion.bound",
                action: name, reason: "", &transaction)
        }
        var data: JSONObject = [
            "environment": .string(environment), "versionId": .string(versionID),
            "previousVersionId": .string(previous ?? ""),
        ]
        data["warning"] = warning.map { .string($0) }
        return data
    }

    private func promote(
        _ record: GovernanceRecord, _ from: String, _ to: String, _ name: String, _ dryRun: Bool,
        _ transaction: inout GovernanceTransaction
    ) async throws -> JSONObject {
        try check(environment: from)
        try check(environment: to)
        let warning = try objection(to: record.state, in: to)
        guard let versionID = try await boundVersion(record.asset, from, transaction) else {
            throw RequestError.badRequest("no version is bound to \"\(from)\"")
        }
        let previous = try await boundVersion(record.asset, to, transaction)
        if !dryRun {
            _ = try await write(
                record.asset, to, versionID, event: "governance.promotion.promoted", action: name,
                reason: "from \(from)", &transaction)
        }
        var data: JSONObject = [
            "fromEnv": .string(from), "toEnv": .string(to), "versionId": .string(versionID),
            "previousVersionId": .string(previous ?? ""),
        ]
        data["warning"] = warning.map { .string($0) }
        return data
    }

    private func rollback(
        _ record: GovernanceRecord, _ environment: String, _ versionID: String, _ name: String,
        _ dryRun: Bool, _ transaction: inout GovernanceTransaction
    ) async throws -> JSONObject {
        try check(environment: environment)
        guard record.state != .archived else {
            throw RequestError.badRequest("an archived asset cannot be bound to an environment")
        }
        guard let current = try await boundVersion(record.asset, environment, transaction) else {
            throw RequestError.badRequest("no version is bound to \"\(environment)\"")
        }
        try await requireVersion(versionID, of: record.asset, transaction, orThrow: .badRequest)
        if dryRun {
            return [
                "environment": .string(environment), "currentVersionId": .string(current),
                "targetVersionId": .string(versionID),
            ]
        }
        _ = try await write(
            record.asset, environment, versionID, event: "governance.promotion.rollback",
            action: name, reason: "", &transaction)
        return [
            "environment": .string(environment), "versionId": .string(versionID),
            "previousVersionId": .string(current),
        ]
    }
}
