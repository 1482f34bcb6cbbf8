package import CatalogModel

/// Says which changes of which assets wait for approval, and by how many.
package struct ApprovalPolicy: Sendable, Hashable {
    /// One change of the lifecycle; `*` stands for any state.
    package struct Transition: Sendable, Hashable {
        package let from: String
        package let to: String
    }

    package let id: String
    package var displayName = ""
    package var description = ""
    package var isEnabled = true
    /// Empty lists select everything.
    package var plugins: [String] = []
    package var kinds: [String] = []
    package var riskLevels: [String] = []
    package var transitions: [Transition] = []
    package var requiredCount = 1
    /// Looked at only where the roles are enforced.
    package var allowedRoles: [String] = []
    package var deniesOnFirst = false
    /// How long a request waits; nil for ever.
    package var expiryHours: Int?

    /// Whether the policy speaks about a change of an asset with such a risk.
    package func covers(
        _ asset: AssetReference, riskLevel: String, from: String, to: String
    ) -> Bool {
        func selects(_ list: [String], _ value: String) -> Bool {
            list.isEmpty || list.contains { $0 == "*" || $0.lowercased() == value.lowercased() }
        }
        return isEnabled && selects(plugins, asset.plugin) && selects(kinds, asset.kind)
            && selects(riskLevels, riskLevel)
            && (transitions.isEmpty
                || transitions.contains {
                    ($0.from == "*" || $0.from == from) && ($0.to == "*" || $0.to == to)
                })
    }

    /// The policy as clients get it.
    package var json: JSONValue {
        var json: JSONObject = ["id": .string(id), "displayName": .string(displayName)]
        if !description.isEmpty { json["description"] = .string(description) }
        json["enabled"] = .bool(isEnabled)
        var selector = JSONObject()
        for (key, list) in [("plugins", plugins), ("kinds", kinds), ("riskLevels", riskLevels)]
        where !list.isEmpty {
            selector[key] = .strings(list)
        }
        if !transitions.isEmpty {
            selector["transitions"] = .array(
                transitions.map { ["from": .string($0.from), "to": .string($0.to)] })
        }
        json["selector"] = .object(selector)
        var gate: JSONObject = ["requiredCount": .int(requiredCount)]
        if !allowedRoles.isEmpty { gate["allowedRoles"] = .strings(allowedRoles) }
        if deniesOnFirst { gate["denyOnFirst"] = true }
        json["gate"] = .object(gate)
        json["expiryHours"] = expiryHours.map { .int($0) }
        return .object(json)
    }

    /// The policies that hold where no file gives others (contract, section 1.9).
    package static let standard: [ApprovalPolicy] = {
        var risky = ApprovalPolicy(id: "high-risk-approval")
        risky.displayName = "High-risk approval"
        risky.description = "Assets of high or critical risk need two approvals."
        risky.riskLevels = ["high", "critical"]
        risky.transitions = [
            Transition(from: "draft", to: "approved"), Transition(from: "approved", to: "archived"),
            Transition(from: "deprecated", to: "archived"),
        ]
        risky.requiredCount = 2
        risky.allowedRoles = ["admin", "governance-reviewer"]
        risky.expiryHours = 168
        var production = ApprovalPolicy(id: "production-promotion")
        production.displayName = "Production promotion"
        production.description = "Every asset needs an approval before it is approved."
        production.transitions = [Transition(from: "draft", to: "approved")]
        production.allowedRoles = ["admin", "reviewer", "tech-lead"]
        production.deniesOnFirst = true
        production.expiryHours = 72
        var archive = ApprovalPolicy(id: "archive-gate")
        archive.displayName = "Archive gate"
        archive.description = "Archiving needs an approval."
        archive.isEnabled = false
        archive.transitions = [Transition(from: "*", to: "archived")]
        archive.expiryHours = 48
        return [risky, production, archive]
    }()
}

/// What the operator decides about governance.
package struct GovernanceRules: Sendable, Hashable {
    /// The environments that versions are bound to.
    package var environments = ["dev", "stage", "prod"]
    /// Sources whose entities count as verified; empty trusts all.
    package var trustedSources: [String] = []
    /// How long audit events are kept; nil if the file says nothing.
    package var auditRetentionDays: Int?
    /// In order: the first one that covers a change decides.
    package var policies = ApprovalPolicy.standard
    /// Whether only reviewers with one of a policy's roles may decide.
    package var enforcesRoles = false

    package init() {}

    /// Whether an environment may have versions of drafts: `dev` or the first one, but never
    /// `stage` or `prod`.
    package func takesDrafts(_ environment: String) -> Bool {
        environment == "dev"
            || environment == environments.first && !["stage", "prod"].contains(environment)
    }

    /// The policy that gates a change, if one does.
    package func gate(_ record: GovernanceRecord, to: LifecycleState) -> ApprovalPolicy? {
        guard LifecycleMachine.verdict(from: record.state, to: to) == .gateable else { return nil }
        return policies.first {
            $0.covers(
                record.asset, riskLevel: record.riskLevel, from: record.state.rawValue,
                to: to.rawValue)
        }
    }
}
