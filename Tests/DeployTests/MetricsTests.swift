import CatalogModel
import Foundation
import TestSupport
import Testing

extension DeployTests {
    @Suite("Metrics and what is said of them")
    struct MetricsTests {
        /// Name and type of what a server exposes that takes part in everything.
        private static let exposed = Task {
            let pair = try await CertificatePair.make()
            var environment = pair.environment
            environment["CATALOG_LEADER_ELECTION_ENABLED"] = "true"
            environment["CATALOG_LEADER_ELECTION_BACKEND"] = "postgres"
            let server = try await ServerProcess.start(.init(environment: environment))
            try await server.waitForLine(within: .seconds(60)) {
                $0["message"]?.stringValue == "ready"
            }
            let curl = try await Program(
                "/usr/bin/curl",
                ["-sf", "--cacert", pair.certificate, "https://127.0.0.1:\(server.port)/metrics"])
            try #require(curl.status == 0, curl.text)
            try await server.terminate()
            return curl.output
        }

        private static func families() async throws -> [String: String] {
            let lines = try await exposed.value.split(separator: "\n")
            let types = lines.filter { $0.hasPrefix("# TYPE ") }.map {
                $0.split(separator: " ")
            }
            return Dictionary(uniqueKeysWithValues: types.map { (String($0[2]), String($0[3])) })
        }

        /// Name and type in the tables of the document.
        private static func documented() throws -> [String: String] {
            var rows: [String: String] = [:]
            for line in try DeployTests.text("docs/metrics.md").split(separator: "\n") {
                guard let row = line.wholeMatch(of: /\| `(catalog_\w+)` \| (\w+) \|.*/) else {
                    continue
                }
                #expect(rows.updateValue(String(row.2), forKey: String(row.1)) == nil)
            }
            return rows
        }

        @Test("the document names what a live server exposes, and nothing else")
        func document() async throws {
            let (live, written) = (try await Self.families(), try Self.documented())
            #expect(Set(live.keys).subtracting(written.keys).sorted() == [], "not documented")
            #expect(Set(written.keys).subtracting(live.keys).sorted() == [], "not there")
            for (name, type) in live { #expect(written[name] == type, "\(name)") }
        }

        @Test("a server that is ready says so")
        func state() async throws {
            let server = try await SharedServer.get()
            #expect(try await server.metric("catalog_ready") == 1)
            #expect(try await server.metric("catalog_store_up") == 1)
            #expect(try await server.metric("catalog_build_info") == 1)
            _ = try await server.client.get("/api/mcp_catalog/v1alpha1/mcpservers")
            try await DeployTests.eventually("a cache that is followed") {
                try await server.metric("catalog_cache_namespaces") == 1
            }
            let age = try await server.metric("catalog_staleness_seconds") ?? 0
            #expect(age > 0 && age < 60)
            let lonely = try await ServerProcess.start(.init(dsn: "host=/nowhere dbname=x"))
            #expect(try await lonely.metric("catalog_ready") == 0)
            try await DeployTests.eventually("the store is known to be away") {
                try await lonely.metric("catalog_store_up") == 0
            }
            try await lonely.kill()
        }

        @Test("labels and events of the document exist")
        func labels() async throws {
            let text = try await Self.exposed.value
            let document = try DeployTests.text("docs/metrics.md")
            let events = try #require(document.components(separatedBy: "## Events").last)
            var count = 0
            for row in events.split(separator: "\n") where row.hasPrefix("| `") {
                let names = row.split(separator: "|")[0].matches(of: /`([a-z_]+)`/).map(\.1)
                for name in names where name != "event" && name != "catalog_observations_total" {
                    #expect(text.contains("{event=\"\(name)\"}"), "\(name)")
                    count += 1
                }
            }
            #expect(count > 20)
            let groups = document.matches(of: /`endpoint` is one of ((?:`\w+`,? ?)+)/).first
            let listed = try #require(groups).1.matches(of: /`(\w+)`/).map { String($0.1) }
            let live = text.matches(of: /catalog_http_requests_total{endpoint="(\w+)"/)
            #expect(Set(listed) == Set(live.map { String($0.1) }))
        }

        @Test(
            "rules and dashboards speak of metrics that exist",
            arguments: ["deploy/prometheus/rules.yaml", "deploy/grafana/catalog-server.json"])
        func names(path: String) async throws {
            let families = try await Self.families()
            let text = try DeployTests.text(path)
            let rules = try DeployTests.text("deploy/prometheus/rules.yaml")
            let records = Set(rules.matches(of: /record: (catalog:[\w:]+)/).map { String($0.1) })
            var used: Set<String> = []
            for match in text.matches(of: /\bcatalog[_:][\w:]+/) {
                let name = String(match.0)
                used.insert(name)
                let family = ["_bucket", "_sum", "_count"].first { name.hasSuffix($0) }.map {
                    String(name.dropLast($0.count))
                }
                let isKnown =
                    families[name] != nil || records.contains(name)
                    || family.map { families[$0] == "histogram" } == true
                #expect(isKnown, "\(name)")
            }
            #expect(used.count > 10)
        }
    }
}
