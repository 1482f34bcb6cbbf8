import CatalogModel
import TestSupport
import Testing

extension IntegrationTests {
    @Suite("A start under adverse conditions")
    struct AdverseStartTests {
        @Test("without Postgres waits, says so, and can be stopped or goes on")
        func withoutPostgres() async throws {
            let cluster = try await PostgresCluster.separate()
            let site = try await Deployment.make(cluster: cluster)
            let replica = try await site.replica()
            try await replica.write("POST", Kind.agents.list, ["name": "first"])
            try await replica.warm([.agents])
            #expect(try await replica.server.terminate() == 0)
            try await site.sql("CHECKPOINT")
            try await cluster.stop()

            try await replica.server.restart()
            try await eventually("the state of the database") {
                let answer = try await replica.get("/readyz")
                #expect(answer.status == 503)
                let state = try answer.json().value(at: "components.database.status")
                return state?.stringValue == "down"
            }
            let read = try await replica.get(Kind.agents.whole)
            #expect(read.status == 503)
            #expect(read.header("Retry-After") != nil)
            #expect(try await replica.server.terminate() == 0)

            try await replica.server.restart()
            try await cluster.start()
            try await replica.server.waitUntilReady()
            let again = try await replica.get(Kind.agents.whole)
            #expect(again.cache == "HIT")
            #expect(try again.names() == ["first"])
        }

        @Test("with the cache folder of another server answers from Postgres")
        func sharedFolder() async throws {
            let site = try await Deployment.make()
            let owner = try await site.replica()
            try await owner.write("POST", Kind.agents.list, ["name": "first"])
            try await owner.warm([.agents])
            var options = site.options()
            options.cacheDirectory = owner.server.cacheDirectory
            let other = Replica(server: try await ServerProcess.ready(options), site: site)
            for number in 0..<5 {
                let writer = number.isMultiple(of: 2) ? other : owner
                let name = "n\(number)"
                let written = try await writer.write(
                    "POST", Kind.agents.list, ["name": .string(name)])
                try await owner.reach(written.revision)
                let stored = try await owner.bypass(Kind.agents.whole)
                for replica in [owner, other] {
                    let list = try await replica.get(Kind.agents.whole)
                    #expect(list.content == stored.content)
                    #expect(list.cache == (replica.server === owner.server ? "HIT" : "MISS"))
                }
            }
            #expect(other.count(of: "cache_unwritable") > 0)
        }
    }
}
