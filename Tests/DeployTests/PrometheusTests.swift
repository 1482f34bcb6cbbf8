import CatalogModel
import Foundation
import TestSupport
import Testing

extension DeployTests {
    @Suite("A Prometheus that scrapes two replicas")
    struct PrometheusTests {
        @Test("every rule evaluates, every expression has data, and an alert comes and goes")
        func scrape() async throws {
            try await Program.installed()
            let cluster = try await PostgresCluster.shared()
            let dsn = try await cluster.makeDatabase()
            let election = [
                "CATALOG_LEADER_ELECTION_ENABLED": "true",
                "CATALOG_LEADER_ELECTION_BACKEND": "postgres",
            ]
            let first = try await ServerProcess.ready(.init(environment: election, dsn: dsn))
            let second = try await ServerProcess.ready(.init(environment: election, dsn: dsn))
            let prometheus = try await PrometheusRun(scraping: [first.port, second.port])
            let traffic = Task {
                while !Task.isCancelled {
                    for server in [first, second] {
                        for path in ["/api/mcp_catalog/v1alpha1/mcpservers", "/nowhere"] {
                            _ = try? await server.client.get(path)
                        }
                    }
                }
            }
            defer { traffic.cancel() }
            for series in try Self.recorded() {
                try await DeployTests.eventually(within: .seconds(60), series) {
                    try await !prometheus.query(series).isEmpty
                }
            }
            // Nothing is wrong, so no alert has data as it stands; with `bool` each has.
            for (name, expression) in try await prometheus.alerts() {
                let compared = expression.replacing(#/ (==|>|<|!=) ([0-9.]+)$/#) {
                    " \($0.1) bool \($0.2)"
                }
                #expect(compared != expression, "\(name) compares nothing with a number")
                let values = try await prometheus.query(compared)
                #expect(!values.isEmpty, "\(name): \(compared)")
                #expect(values.allSatisfy { $0 == 0 }, "\(name): \(compared) is \(values)")
            }
            let unhealthy = try await prometheus.unhealthyRules()
            #expect(unhealthy.isEmpty, "\(unhealthy)")
            #expect(try await prometheus.query("count(up == 1)") == [2])
            #expect(try await prometheus.query("catalog:leaders") == [1])
            try await second.kill()
            try await DeployTests.eventually(within: .seconds(30), "an alert") {
                try await prometheus.state(of: "CatalogReplicaDown") == "pending"
            }
        }

        private static func recorded() throws -> [String] {
            let rules = try DeployTests.text("deploy/prometheus/rules.yaml")
            return rules.matches(of: /record: (catalog:[\w:]+)/).map { String($0.1) }
        }
    }
}
