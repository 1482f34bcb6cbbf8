import Foundation
import TestSupport
import Testing

extension DeployTests {
    @Suite("Prometheus rules")
    struct RulesTests {
        static let folder = "\(ServerFiles.repository)/deploy/prometheus"

        static var alerts: Set<String> {
            get throws {
                let text = try DeployTests.text("deploy/prometheus/rules.yaml")
                return Set(text.matches(of: /alert: (\w+)/).map { String($0.1) })
            }
        }

        @Test("promtool finds nothing wrong with rules and example")
        func check() async throws {
            try await Program.installed()
            let rules = try await Program(
                "promtool", ["check", "rules", "\(Self.folder)/rules.yaml"])
            #expect(rules.status == 0, rules.text)
            let example = try await Program(
                "promtool", ["check", "config", "\(Self.folder)/prometheus.yaml"])
            #expect(example.status == 0, example.text)
        }

        @Test("each alert fires when it should and is silent when it should be")
        func unitTests() async throws {
            try await Program.installed()
            let run = try await Program(
                "promtool", ["test", "rules", "\(Self.folder)/rules.test.yaml"])
            #expect(run.status == 0, run.text)
            let text = try DeployTests.text("deploy/prometheus/rules.test.yaml")
            let alerts = try Self.alerts
            #expect(alerts.count > 10)
            for alert in alerts {
                #expect(text.contains("alertname: \(alert)}"), "\(alert) is never silent")
                let firing = text.contains("alertname: \(alert)\n        exp_alerts:")
                #expect(firing, "\(alert) never fires")
            }
        }

        @Test("the issue's alerts are there")
        func wanted() throws {
            let alerts = try Self.alerts
            for name in [
                "CatalogSlowRequests", "CatalogServerErrors", "CatalogJobsPileUp",
                "CatalogCacheMisses", "CatalogReplicaLags", "CatalogFeedLost",
                "CatalogLeaderMissing",
            ] { #expect(alerts.contains(name)) }
        }
    }
}
