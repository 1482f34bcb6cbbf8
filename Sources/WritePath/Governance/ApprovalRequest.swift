package import CatalogModel

/// One change of an asset's lifecycle that waits for approval, or has waited.
package struct ApprovalRequest: Sendable, Hashable {
    package enum Status: String, Sendable, Hashable, CaseIterable {
        case pending, approved, denied, canceled, expired
    }

    package enum Verdict: String, Sendable, Hashable {
        case approve, deny
    }

    /// What one reviewer said.
    package struct Decision: Sendable, Hashable {
        package let id: String
        package let reviewer: String
        package let verdict: Verdict
        package let comment: String
        package let createdAtMs: Int64
    }

    package let id: String
    package let asset: AssetReference
    package let action: String
    package let from: String
    package let to: String
    package let policyID: String
    package let requiredCount: Int
    /// `.expired` as soon as the time is over, also before the row says so.
    package let status: Status
    package let requester: String
    package let reason: String
    package var decisions: [Decision] = []
    package let resolvedAtMs: Int64?
    package let resolvedBy: String?
    package let resolutionNote: String?
    package let expiresAtMs: Int64?
    package let createdAtMs: Int64

    /// What a further decision leads to.
    package enum Effect: Sendable, Hashable {
        case executes
        case denies
        case waits(approvals: Int, denials: Int)
    }

    /// Judges a further decision.
    ///
    /// Throws `.conflict` when the request is resolved or the reviewer has decided before, and
    /// `.notAllowed` when the requester approves.
    package func effect(
        of verdict: Verdict, by reviewer: String, required: Int, deniesOnFirst: Bool
    ) throws(RequestError) -> Effect {
        guard status == .pending else {
            throw .conflict("approval request \"\(id)\" is already \(status.rawValue)")
        }
        guard verdict == .deny || reviewer != requester else {
            throw RequestError(.notAllowed, "a requester cannot approve the own request")
        }
        guard !decisions.contains(where: { $0.reviewer == reviewer }) else {
            throw .conflict("\"\(reviewer)\" has already decided on approval request \"\(id)\"")
        }
        let verdicts = decisions.map(\.verdict) + [verdict]
        let approvals = verdicts.count { $0 == .approve }
        if verdict == .approve, approvals >= required { return .executes }
        if verdict == .deny, deniesOnFirst { return .denies }
        return .waits(approvals: approvals, denials: verdicts.count - approvals)
    }

    /// The request as clients get it.
    package var json: JSONValue {
        func time(_ ms: Int64) -> JSONValue { .string(Timestamp(ms: ms).description) }
        var json: JSONObject = [
            "id": .string(id), "assetRef": asset.json, "action": .string(action),
            "actionParams": [
                "state": .string(to), "from": .string(from), "reason": .string(reason),
            ],
            "policyId": .string(policyID), "requiredCount": .int(requiredCount),
            "status": .string(status.rawValue), "requester": .string(requester),
        ]
        if !reason.isEmpty { json["reason"] = .string(reason) }
        if !decisions.isEmpty {
            json["decisions"] = .array(
                decisions.map { decision in
                    var item: JSONObject = [
                        "id": .string(decision.id), "requestId": .string(id),
                        "reviewer": .string(decision.reviewer),
                        "verdict": .string(decision.verdict.rawValue),
                    ]
                    if !decision.comment.isEmpty { item["comment"] = .string(decision.comment) }
                    item["createdAt"] = time(decision.createdAtMs)
                    return .object(item)
                })
        }
        json["resolvedAt"] = resolvedAtMs.map(time)
        json["resolvedBy"] = resolvedBy.map { .string($0) }
        json["resolutionNote"] = resolutionNote.map { .string($0) }
        json["expiresAt"] = expiresAtMs.map(time)
        json["createdAt"] = time(createdAtMs)
        return .object(json)
    }
}
