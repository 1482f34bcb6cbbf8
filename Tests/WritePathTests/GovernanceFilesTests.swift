import CatalogModel
import Foundation
import Testing

@testable import WritePath

@Suite("Files of governance")
final class GovernanceFilesTests {
    /// The files of this test, removed with it.
    private var paths: [String] = []

    deinit {
        for path in paths { try? FileManager.default.removeItem(atPath: path) }
    }

    private func file(_ text: String) throws -> String {
        let path = NSTemporaryDirectory() + "governance-\(UUID().uuidString).yaml"
        try Data(text.utf8).write(to: URL(filePath: path))
        paths.append(path)
        return path
    }

    @Test func missingFilesLeaveTheStandardRules() throws {
        var rules = GovernanceRules()
        #expect(try !GovernanceFiles.load(settings: "/nowhere/g.yaml", into: &rules))
        #expect(try !GovernanceFiles.load(policies: "/nowhere/p.yaml", into: &rules))
        #expect(rules == GovernanceRules())
        #expect(rules.environments == ["dev", "stage", "prod"])
    }

    @Test func settingsAreRead() throws {
        var rules = GovernanceRules()
        let path = try file(
            """
            environments: [dev, qa, live]
            trustedSources: [agents-default]
            auditRetention:
              days: 30
            """)
        #expect(try GovernanceFiles.load(settings: path, into: &rules))
        #expect(rules.environments == ["dev", "qa", "live"])
        #expect(rules.trustedSources == ["agents-default"])
        #expect(rules.auditRetentionDays == 30)
    }

    @Test func policiesAreReadWithEveryField() throws {
        var rules = GovernanceRules()
        let path = try file(
            """
            policies:
              - id: a
                displayName: A
                description: text
                enabled: false
                selector:
                  plugins: [mcp]
                  kinds: [mcpserver]
                  riskLevels: [high]
                  transitions: [{from: "*", to: archived}]
                gate: {requiredCount: 3, allowedRoles: [admin], denyOnFirst: true}
                expiryHours: 5
              - id: b
            """)
        #expect(try GovernanceFiles.load(policies: path, into: &rules))
        let policy = rules.policies[0]
        #expect(
            policy.json == [
                "id": "a", "displayName": "A", "description": "text", "enabled": false,
                "selector": [
                    "plugins": ["mcp"], "kinds": ["mcpserver"], "riskLevels": ["high"],
                    "transitions": [["from": "*", "to": "archived"]],
                ],
                "gate": ["requiredCount": 3, "allowedRoles": ["admin"], "denyOnFirst": true],
                "expiryHours": 5,
            ])
        #expect(rules.policies[1].isEnabled && rules.policies[1].requiredCount == 1)
        #expect(try GovernanceFiles.load(policies: file("policies: []"), into: &rules))
        #expect(rules.policies.isEmpty)
    }

    @Test(arguments: [
        "policies: [{displayName: x}]", "policies: [{id: a}, {id: a}]", "policy: []",
        "policies: [{id: a, gate: {requiredCount: 0}}]", "policies: [{id: a, gates: {}}]",
        "policies: [{id: a, selector: {transitions: [{from: draft}]}}]", "- x", "policies: [",
    ]) func wrongPoliciesAreRefused(text: String) throws {
        let path = try file(text)
        var rules = GovernanceRules()
        #expect(throws: LoadError.self) {
            try GovernanceFiles.load(policies: path, into: &rules)
        }
        #expect(rules == GovernanceRules())
    }

    @Test(arguments: ["environments: []", "auditRetention: {days: -1}", "environment: [dev]"])
    func wrongSettingsAreRefused(text: String) throws {
        let path = try file(text)
        #expect(throws: LoadError.self) {
            var rules = GovernanceRules()
            _ = try GovernanceFiles.load(settings: path, into: &rules)
        }
    }
}
