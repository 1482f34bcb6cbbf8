import CatalogModel
import Foundation
import Testing

extension IntegrationTests {
    @Suite("Refreshing sources from files")
    struct RefreshTests {
        private static let sources = """
            apiVersion: catalog/v1alpha1
            kind: CatalogSources
            catalogs:
              skills:
                sources:
                  - {id: local, name: Local, type: yaml, properties: {yamlCatalogPath: skills.yaml}}

            """

        private static func skills(_ items: [(name: String, version: String)]) -> String {
            items.reduce(into: "skills:\n") {
                $0 += "  - name: \($1.name)\n    version: \"\($1.version)\"\n"
            }
        }

        @Test("writes only what changed, and nothing of a file with a mistake")
        func refresh() async throws {
            let first = Self.skills([("alpha", "1"), ("beta", "1"), ("gamma", "1")])
            let site = try await Deployment.make(
                files: ["sources.yaml": Self.sources, "skills.yaml": first],
                // What a refresh does is looked at, not who asks for it.
                environment: ["CATALOG_SOURCE_WATCH_INTERVAL_MS": "0"])
            let replica = try await site.replica()
            try await replica.warm([.skills])
            let loaded = try await site.head()

            let unchanged = try await replica.refresh(.skills)
            #expect(unchanged["state"]?.stringValue == "succeeded")
            #expect(unchanged["entitiesLoaded"]?.intValue == 3)
            #expect(try await site.head() == loaded)

            try site.write(
                Self.skills([("alpha", "1"), ("beta", "2"), ("delta", "1")]), to: "skills.yaml")
            try await site.ageRefreshes()
            let changed = try await replica.refresh(.skills)
            #expect(changed["state"]?.stringValue == "succeeded")
            #expect(changed["entitiesRemoved"]?.intValue == 1)
            #expect(try await site.head() == loaded + 1)
            let log = try await site.sql(
                "SELECT string_agg(name || ' ' || op, ', ' ORDER BY name) FROM revision_changes "
                    + "WHERE revision = \(loaded + 1)")
            #expect(log == "beta put, delta put, gamma delete")
            let versions = try await site.sql(
                "SELECT string_agg(name || ' ' || version, ', ' ORDER BY name) FROM entities")
            #expect(versions == "alpha 1, beta 2, delta 1")
            try await replica.reach(loaded + 1, by: .skills)
            #expect(try await replica.names(of: .skills) == ["alpha", "beta", "delta"])

            try await expectRefusal(
                of: "skills:\n  - name: alpha\n    verzion: \"9\"\n", line: 3, replica, site)
            try await expectRefusal(
                of: "skills:\n  - name: omega\n  - name: [\n", line: 4, replica, site)
            try await expectRefusal(
                of: Self.skills([("twice", "1"), ("twice", "2")]), line: 4, replica, site)
            #expect(try await replica.names(of: .skills) == ["alpha", "beta", "delta"])
            #expect(try await site.head() == loaded + 1)

            try FileManager.default.removeItem(atPath: site.path(of: "skills.yaml"))
            try await site.ageRefreshes()
            let absent = try await replica.refresh(.skills)
            #expect(absent["state"]?.stringValue == "failed")
            #expect(absent["lastError"]?.stringValue?.contains("skills.yaml") == true)
            #expect(try await replica.names(of: .skills) == ["alpha", "beta", "delta"])

            try await site.ageRefreshes()
            try site.write(Self.skills([("beta", "2")]), to: "skills.yaml")
            #expect(try await replica.refresh(.skills)["state"]?.stringValue == "succeeded")
            #expect(try await site.sql("SELECT state FROM catalog_sources") == "available")
            try await replica.reach(loaded + 2, by: .skills)
            #expect(try await replica.names(of: .skills) == ["beta"])
        }

        private func expectRefusal(
            of text: String, line: Int, _ replica: Replica, _ site: Deployment
        ) async throws {
            try site.write(text, to: "skills.yaml")
            try await site.ageRefreshes()
            let job = try await replica.refresh(.skills)
            #expect(job["state"]?.stringValue == "failed")
            for key in ["message", "lastError"] {
                guard let text = job[key]?.stringValue else { continue }
                #expect(text.contains("skills.yaml:\(line)"), "\(key): \(text)")
            }
            #expect(try await site.sql("SELECT state FROM catalog_sources") == "error")
            let error = try await site.sql("SELECT error FROM catalog_sources")
            #expect(error.contains("skills.yaml:\(line)"), "\(error)")
        }
    }
}
