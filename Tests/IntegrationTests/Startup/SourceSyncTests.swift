import CatalogModel
import TestSupport
import Testing

extension IntegrationTests {
    @Suite("Sources that are loaded without being asked")
    struct SourceSyncTests {
        private static func sources(_ url: String) -> String {
            """
            apiVersion: catalog/v1alpha1
            kind: CatalogSources
            catalogs:
              skills:
                sources:
                  - id: web
                    name: Web
                    type: http
                    properties: {url: "\(url)/skills.yaml", syncInterval: 2s}
              agents:
                sources:
                  - {id: local, name: Local, type: yaml, properties: {path: agents.yaml}}

            """
        }

        @Test("replicas share the loads of a fetched source, and each notices its files")
        func twins() async throws {
            let web = try await WebServer.start { _ in .text("skills: [{name: first}]") }
            let site = try await Deployment.make(
                files: [
                    "sources.yaml": Self.sources(web.url), "agents.yaml": "agents: [{name: first}]",
                ],
                environment: [
                    "CATALOG_SOURCE_ALLOWED_HOSTS": "http://127.0.0.1",
                    "CATALOG_SOURCE_WATCH_INTERVAL_MS": "50",
                ])
            let (one, two) = try await site.twins()
            for replica in [one, two] {
                try await replica.warm([.skills, .agents])
                #expect(try await replica.names(of: .skills) == ["first"])
                #expect(try await replica.names(of: .agents) == ["first"])
            }

            try site.write("agents: [{name: first}, {name: second}]", to: "agents.yaml")
            web.answer { _ in .text("skills: [{name: second}]") }
            for replica in [one, two] {
                try await eventually(within: .seconds(20), "the new content") {
                    let fetched = try await replica.names(of: .skills)
                    let read = try await replica.names(of: .agents)
                    return fetched == ["second"] && read == ["first", "second"]
                }
            }
            // Loads that were not asked for by a start or a person are half an interval apart.
            try await eventually(within: .seconds(20), "three loads") {
                let jobs = "SELECT count(*) FROM refresh_jobs WHERE source_id = 'web'"
                return try await Int(site.sql(jobs)) ?? 0 >= 3
            }
            let closest = try await site.sql(
                """
                SELECT COALESCE(min(d), 1) FROM (SELECT extract(epoch FROM requested_at
                    - lag(requested_at) OVER (ORDER BY requested_at)) AS d FROM refresh_jobs
                    WHERE source_id = 'web') t
                """)
            #expect(try #require(Double(closest)) >= 1)
            let revisions = try await site.head()
            // A load that finds nothing new writes nothing.
            let asked = web.requests.count
            try await eventually(within: .seconds(20), "another load") {
                web.requests.count > asked
            }
            #expect(try await site.head() == revisions)
        }

        @Test("a source that never loaded does not hold up the others, and loads once it can")
        func lateComer() async throws {
            let web = try await WebServer.start { _ in .text("", status: 404) }
            let site = try await Deployment.make(
                files: [
                    "sources.yaml": Self.sources(web.url), "agents.yaml": "agents: [{name: first}]",
                ],
                environment: [
                    "CATALOG_SOURCE_ALLOWED_HOSTS": "http://127.0.0.1",
                    "CATALOG_SOURCE_WATCH_INTERVAL_MS": "50",
                ])
            let replica = try await site.replica()
            #expect(try await replica.names(of: .agents) == ["first"])
            #expect(try await replica.names(of: .skills).isEmpty)
            #expect(
                try await site.sql("SELECT error_code FROM catalog_sources WHERE id = 'web'")
                    == "not_found")
            web.answer { _ in .text("skills: [{name: late}]") }
            try await eventually(within: .seconds(20), "the late source") {
                try await replica.names(of: .skills) == ["late"]
            }
        }
    }
}
