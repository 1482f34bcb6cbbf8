import CatalogModel
import TestSupport
import Testing

extension IntegrationTests {
    @Suite("Lists while a collection is loaded")
    struct ColdListTests {
        private static let entities = 1_500
        private static let askers = 24

        @Test("many that ask for the same pages at once get the same bytes as later from the cache")
        func shared() async throws {
            let site = try await Deployment.make(environment: ["CATALOG_ACCESS_LOG_SAMPLE": "0"])
            let replica = try await site.replica()
            try await site.sql(
                """
                INSERT INTO entities (namespace, plugin, kind, source, name, doc)
                SELECT 'default', 'agents', 'Agent', 'api', 'agent-' || n, jsonb_build_object(
                    'name', 'agent-' || n, 'description', repeat('z', 700))
                FROM generate_series(1, \(Self.entities)) n
                """)
            let paths = [
                "\(Kind.agents.list)?pageSize=3", "\(Kind.agents.list)?pageSize=3&sortOrder=DESC",
                "\(Kind.agents.list)?pageSize=3&filterQuery=name%20LIKE%20'agent-49%25'",
            ]
            let answers = try await withThrowingTaskGroup(of: (String, HTTPResponse).self) {
                group in
                for number in 0..<Self.askers {
                    let path = paths[number % paths.count]
                    group.addTask { (path, try await replica.server.client.get(path)) }
                }
                var answers: [(String, HTTPResponse)] = []
                for try await answer in group { answers.append(answer) }
                return answers
            }
            #expect(answers.count == Self.askers)
            try await eventually(within: .seconds(60), "the collection in the cache") {
                try await replica.get(Kind.agents.entity("agent-1")).cache == "HIT"
            }
            for (path, answer) in answers {
                let hit = try await replica.server.client.get(path)
                #expect(hit.header("X-Cache") == "HIT")
                #expect(answer.status == 200 && answer.body == hit.body, "\(path)")
                #expect(answer.header("ETag") == hit.header("ETag"))
                #expect(Int(answer.header("X-Staleness-Bound") ?? "") != nil)
            }
            _ = try await replica.server.terminate()
        }
    }
}
