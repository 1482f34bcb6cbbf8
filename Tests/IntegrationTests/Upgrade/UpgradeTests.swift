import CatalogModel
import Foundation
import TestSupport
import Testing

extension IntegrationTests {
    @Suite("Upgrades with real servers")
    struct UpgradeTests {
        private static func fixture() throws -> String {
            let folder = URL(filePath: #filePath).deletingLastPathComponent()
                .deletingLastPathComponent().deletingLastPathComponent()
            return try String(
                contentsOf: folder.appending(path: "Fixtures/single-tenant.sql"), encoding: .utf8)
        }

        @Test("a single-tenant database is served under default, then in namespace mode")
        func singleTenant() async throws {
            let site = try await Deployment.make()
            try await site.sql(Self.fixture())
            let (a, b) = try await site.twins()
            for replica in [a, b] {
                try await replica.warm([.agents])
                #expect(try await replica.names(of: .agents) == ["acme/planner"])
                let server = try await replica.get("/api/mcp_catalog/v1alpha1/mcpservers/server-3")
                #expect(server.status == 200)
                #expect(try server.json()["externalId"]?.stringValue == "x-3")
            }
            try await expectSameContent(a, b, [.agents])
            // One of the two has copied the tables, and says so.
            let imports =
                a.count(of: "legacy_table_imported") + b.count(of: "legacy_table_imported")
            #expect(imports == 8)
            let rows = [
                try await a.server.metric("catalog_legacy_rows_total"),
                try await b.server.metric("catalog_legacy_rows_total"),
            ]
            #expect(rows.compactMap(\.self).reduce(0, +) == 22)
            // An old binary goes on: its table is there, and what it writes is served.
            #expect(try await site.sql("SELECT count(*) FROM mcp_servers") == "12")
            try await site.sql(
                "UPDATE agents SET doc = doc || '{\"version\": \"2\"}' WHERE name LIKE 'acme%'")
            try await a.reach(site.head())
            let changed = try await a.get("\(Kind.agents.list)?pageSize=1")
            #expect(changed.cache == "HIT" && changed.text.contains("\"version\":\"2\""))
            _ = try await a.server.terminate()
            _ = try await b.server.terminate()

            // The second half: namespace mode on the same database.
            var options = site.options()
            options.environment["CATALOG_TENANCY_MODE"] = "namespace"
            options.environment["CATALOG_NAMESPACES"] = "default,team-a"
            let tenants = Replica(server: try await ServerProcess.ready(options), site: site)
            #expect(tenants.count(of: "legacy_table_imported") == 0)
            let list = Kind.agents.list
            #expect(try await tenants.get(list).status == 400)
            #expect(try await tenants.get(list, in: "default").names() == ["acme/planner"])
            #expect(try await tenants.get(list, in: "team-a").names().isEmpty)
            let own: JSONValue = ["name": "acme/planner"]
            try await tenants.write("POST", list, own, in: "team-a")
            #expect(try await tenants.get(list, in: "team-a").names() == ["acme/planner"])
            // Back again: single mode shows what is in default.
            _ = try await tenants.server.terminate()
            let single = try await site.replica()
            #expect(try await single.get(list).names() == ["acme/planner"])
        }

        @Test("a server serves a database that a later release has migrated further")
        func later() async throws {
            let site = try await Deployment.make()
            let first = try await site.replica()
            try await first.upsert(.agents, [["name": "one"]])
            try await site.sql(
                """
                INSERT INTO schema_migrations (version, name, checksum)
                VALUES (9999, 'later', repeat('0', 64));
                ALTER TABLE entities ADD COLUMN tier text;
                CREATE TABLE later_things (id int PRIMARY KEY)
                """)
            let second = try await site.replica()
            try await second.upsert(.agents, [["name": "two"]])
            let head = try await site.head()
            for replica in [first, second] {
                try await replica.warm([.agents])
                try await replica.reach(head)
                #expect(try await replica.names(of: .agents) == ["one", "two"])
            }
            let stored = "SELECT count(*) FROM schema_migrations WHERE version = 9999"
            #expect(try await site.sql(stored) == "1")
        }
    }
}
