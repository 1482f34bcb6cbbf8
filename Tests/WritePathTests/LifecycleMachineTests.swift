import CatalogModel
import Testing

@testable import WritePath

@Suite("Lifecycle of assets")
struct LifecycleMachineTests {
    /// Every pair of states, as the contract lists them.
    private static let table: [(String, String, LifecycleMachine.Verdict)] = [
        ("draft", "draft", .free), ("draft", "approved", .gateable),
        ("draft", "deprecated", .denied), ("draft", "archived", .denied),
        ("approved", "draft", .invalid), ("approved", "approved", .free),
        ("approved", "deprecated", .free), ("approved", "archived", .gateable),
        ("deprecated", "draft", .invalid), ("deprecated", "approved", .gateable),
        ("deprecated", "deprecated", .free), ("deprecated", "archived", .gateable),
        ("archived", "draft", .gateable), ("archived", "approved", .denied),
        ("archived", "deprecated", .gateable), ("archived", "archived", .free),
    ]

    @Test func everyPairOfStatesHasItsVerdict() {
        #expect(Self.table.count == LifecycleState.allCases.count * LifecycleState.allCases.count)
        for (from, to, verdict) in Self.table {
            #expect(LifecycleMachine.verdict(from: from, to: to) == verdict, "\(from) to \(to)")
        }
    }

    @Test(arguments: ["", "Draft", "published", "*"]) func unknownStatesAreInvalid(name: String) {
        for state in LifecycleState.allCases {
            #expect(LifecycleMachine.verdict(from: state.rawValue, to: name) == .invalid)
            #expect(LifecycleMachine.verdict(from: name, to: state.rawValue) == .invalid)
        }
    }

    // MARK: Policies

    private func record(
        _ state: LifecycleState, risk: String = "medium"
    ) throws -> GovernanceRecord {
        GovernanceRecord(
            asset: try AssetReference(plugin: "mcp", kind: "mcpserver", name: "x"),
            sections: ["risk": ["level": .string(risk)]], state: state)
    }

    @Test func standardPoliciesGateWhatTheContractSays() throws {
        let rules = GovernanceRules()
        #expect(rules.policies.map(\.id).count == 3)
        let cases: [(LifecycleState, LifecycleState, String, String?, Int)] = [
            (.draft, .approved, "medium", "production-promotion", 1),
            (.draft, .approved, "critical", "high-risk-approval", 2),
            (.deprecated, .archived, "medium", nil, 0),
            (.deprecated, .archived, "high", "high-risk-approval", 2),
            (.approved, .archived, "low", nil, 0), (.approved, .deprecated, "critical", nil, 0),
            (.archived, .draft, "critical", nil, 0), (.draft, .draft, "critical", nil, 0),
        ]
        for (from, to, risk, policy, count) in cases {
            let gate = rules.gate(try record(from, risk: risk), to: to)
            #expect(gate?.id == policy, "\(from) to \(to), \(risk)")
            #expect(gate?.requiredCount ?? 0 == count)
        }
    }

    @Test func selectorsNarrowAndTheFirstPolicyDecides() throws {
        var rules = GovernanceRules()
        var other = ApprovalPolicy(id: "other")
        other.plugins = ["skills"]
        var kind = ApprovalPolicy(id: "kind")
        kind.kinds = ["McpServer"]
        kind.transitions = [.init(from: "*", to: "archived")]
        var off = ApprovalPolicy(id: "off")
        off.isEnabled = false
        rules.policies = [off, other, kind, ApprovalPolicy(id: "all")]
        #expect(rules.gate(try record(.approved), to: .archived)?.id == "kind")
        #expect(rules.gate(try record(.draft), to: .approved)?.id == "all")
        // Never gated, whatever the policies say.
        #expect(rules.gate(try record(.approved), to: .deprecated) == nil)
        #expect(rules.gate(try record(.archived), to: .archived) == nil)
    }

    // MARK: Decisions

    private func request(
        _ decisions: [(String, ApprovalRequest.Verdict)],
        status: ApprovalRequest.Status = .pending
    ) throws -> ApprovalRequest {
        var request = ApprovalRequest(
            id: "r", asset: try record(.draft).asset, action: "lifecycle.setState", from: "draft",
            to: "approved", policyID: "p", requiredCount: 2, status: status, requester: "ann",
            reason: "", resolvedAtMs: nil, resolvedBy: nil, resolutionNote: nil, expiresAtMs: nil,
            createdAtMs: 0)
        request.decisions = decisions.map {
            .init(id: "", reviewer: $0.0, verdict: $0.1, comment: "", createdAtMs: 0)
        }
        return request
    }

    @Test func decisionsAddUpToAnEffect() throws {
        func effect(
            _ decisions: [(String, ApprovalRequest.Verdict)], _ verdict: ApprovalRequest.Verdict,
            by reviewer: String = "zoe", required: Int = 2, deniesOnFirst: Bool = false
        ) throws -> ApprovalRequest.Effect {
            try request(decisions).effect(
                of: verdict, by: reviewer, required: required, deniesOnFirst: deniesOnFirst)
        }
        #expect(try effect([], .approve) == .waits(approvals: 1, denials: 0))
        #expect(try effect([("bob", .approve)], .approve) == .executes)
        #expect(try effect([("bob", .deny)], .approve) == .waits(approvals: 1, denials: 1))
        #expect(try effect([("bob", .approve)], .deny) == .waits(approvals: 1, denials: 1))
        #expect(try effect([("bob", .approve)], .deny, deniesOnFirst: true) == .denies)
        #expect(try effect([], .approve, required: 1, deniesOnFirst: true) == .executes)
        #expect(try effect([], .deny, by: "ann") == .waits(approvals: 0, denials: 1))
        #expect(throws: RequestError(.notAllowed, "")) { try effect([], .approve, by: "ann") }
        for verdict in [ApprovalRequest.Verdict.approve, .deny] {
            #expect(throws: RequestError.conflict("")) {
                try effect([("zoe", .approve)], verdict)
            }
        }
    }

    @Test(arguments: [ApprovalRequest.Status.approved, .denied, .canceled, .expired])
    func resolvedRequestTakesNoDecision(status: ApprovalRequest.Status) throws {
        let request = try request([], status: status)
        #expect(throws: RequestError.conflict("")) {
            try request.effect(of: .deny, by: "zoe", required: 1, deniesOnFirst: false)
        }
    }
}
