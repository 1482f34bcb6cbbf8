import CatalogModel
import Postgres
import TestSupport
import Testing

@testable import WritePath

@Suite("The configured sources in Postgres", .manyTurns)
struct RefreshCatalogTests {
    @Test func theConfigurationComesBackInItsOrder() async throws {
        let database = try await JobsDatabase()
        #expect(try await database.configure([("z", "a"), ("a", "b"), ("m", "c")]) == ["mcp"])
        #expect(try await database.catalog.order(.default) == ["mcp": ["z", "a", "m"]])
        #expect(try await database.catalog.labels(.default)["mcp"]?["m"] == ["L-m"])
        let sources = try await database.catalog.sources(.default, plugin: "mcp")
        let expected = try JobsDatabase.configuration([("z", "a"), ("a", "b"), ("m", "c")]).sources
        #expect(sources.map(\.definition.properties) == expected.map(\.properties))
        #expect(sources.map(\.definition.originDirectory) == expected.map(\.originDirectory))
        #expect(try await database.catalog.sources(.default, plugin: "agents").isEmpty)
    }

    @Test(.onPostgres) func onlyChangesAreWrittenAndReported() async throws {
        let database = try await JobsDatabase()
        try await database.configure([("s1", "a"), ("s2", "b")])
        let before = try await database.value(
            "SELECT string_agg(xmin::text, ' ') FROM catalog_sources")
        #expect(try await database.configure([("s1", "a"), ("s2", "b")]).isEmpty)
        #expect(
            try await database.value("SELECT string_agg(xmin::text, ' ') FROM catalog_sources")
                == before)
        #expect(try await database.configure([("s2", "b"), ("s1", "a")]) == ["mcp"])
        #expect(try await database.catalog.order(.default) == ["mcp": ["s2", "s1"]])
    }

    @Test func fiveReplicasMayStartAtOnce() async throws {
        let database = try await JobsDatabase()
        let jobs = try await withThrowingTaskGroup(of: [Job].self) { group in
            for _ in 0..<5 {
                group.addTask {
                    try await database.configure([("s1", "a"), ("s2", "b"), ("s3", "c")])
                    return try await database.catalog.enqueueInitialLoad(database.queue)
                }
            }
            return try await group.reduce(into: []) { $0 += $1.map(\.id) }
        }
        #expect(jobs.count == 5 && Set(jobs).count == 1)
        #expect(try await database.catalog.order(.default) == ["mcp": ["s1", "s2", "s3"]])
    }

    @Test func aLoadThatIsJustOverIsSharedByReplicasThatStartedBeforeIt() async throws {
        let database = try await JobsDatabase()
        try await database.configure([("s1", "a")])
        let (catalog, queue) = (database.catalog, database.queue)
        let first = try await catalog.enqueueInitialLoad(queue).map(\.id)
        try await database.change("UPDATE refresh_jobs SET state = 'succeeded'")
        let shared = try await catalog.enqueueInitialLoad(queue, unlessAskedWithin: .seconds(60))
        #expect(shared.map(\.id) == first)
        #expect(try await catalog.enqueueInitialLoad(queue, only: ["agents"]).isEmpty)
        try await database.age()
        let later = try await catalog.enqueueInitialLoad(queue, unlessAskedWithin: .seconds(60))
        #expect(later.count == 1 && later.map(\.id) != first)
    }

    @Test func aSourceThatComesBackIsLoadedAgain() async throws {
        let database = try await JobsDatabase()
        try await database.configure([("s1", "a")])
        try await database.refresh()
        try await database.configure([])
        #expect(try await database.catalog.order(.default).isEmpty)
        try await database.configure([("s1", "a")])
        #expect(try await database.catalog.sources(.default).map(\.state) == [.loading])
        #expect(try await database.refresh().loaded == 1)
        #expect(try await database.entities("s1") == "a:1")
    }

    @Test func sourcesFromElsewhereAndOtherNamespacesStay() async throws {
        let database = try await JobsDatabase()
        try await database.change(
            """
            INSERT INTO catalog_sources (namespace, plugin, id, name, type, origin) VALUES
            ('default', 'mcp', 'applied', 'A', 'yaml', ''), ('team', 'mcp', 's9', 'B', 'yaml', '/x')
            """)
        try await database.configure([("s1", "a")])
        #expect(try await database.catalog.order(.default) == ["mcp": ["applied", "s1"]])
        #expect(try await database.catalog.order(Namespace("team")) == ["mcp": ["s9"]])
    }

    @Test func theApisOwnIdIsRefused() async throws {
        let database = try await JobsDatabase()
        let error = await #expect(throws: RequestError.self) {
            try await database.configure([("api", "a")])
        }
        #expect(error?.code == .badRequest)
    }
}
