import CatalogModel
import TestSupport
import Testing

@Suite("Cache", .turns, .timeLimit(.minutes(5)))
struct CacheContractTests {
    private static let discoveryPaths = ["/api/plugins", "/api/plugins/skills/capabilities"]

    @Test("a first read misses, later ones hit", arguments: Catalog.all)
    func missThenHit(catalog: Catalog) async throws {
        let server = try await ServerCache.fresh()
        let first = try await server.client.get(catalog.list)
        #expect(first.status == 200)
        #expect(first.header("X-Cache") == "MISS")
        #expect(first.header("Cache-Status")?.contains("fwd=miss") == true)
        let hit = try await server.client.hit(catalog.list)
        #expect(hit.text == first.text)
        #expect(hit.header("ETag") == first.header("ETag"))
        #expect(hit.header("Cache-Status")?.contains("hit") == true)
        let name = try #require(try hit.names().first)
        let get = try await server.client.get("\(catalog.list)/\(encoded(name))")
        #expect(get.header("X-Cache") == "HIT")
    }

    @Test("discovery misses once, then hits", arguments: discoveryPaths)
    func discovery(path: String) async throws {
        let client = try await SharedServer.get().client
        let unique = "\(path)?x=\(UInt32.random(in: 0 ... .max))"
        let first = try await client.get(unique)
        #expect(first.header("X-Cache") == "MISS")
        let second = try await client.get(unique)
        #expect(second.header("X-Cache") == "HIT")
        #expect(second.text == first.text)
    }

    @Test("reads carry validators and how old they can be", arguments: Catalog.all)
    func headers(catalog: Catalog) async throws {
        let client = try await SharedServer.get().client
        let list = try await client.hit(catalog.list)
        let name = try #require(try list.names().first)
        let get = try await client.hit("\(catalog.list)/\(encoded(name))")
        for response in [list, get] {
            let tag = try #require(response.header("ETag"))
            #expect(try Regex("\"[0-9]+-[0-9a-f]{16}\"").wholeMatch(in: tag) != nil)
            let revision = try #require(response.header("X-Catalog-Revision"))
            #expect(UInt64(revision) ?? 0 > 0)
            let bound = try #require(response.header("X-Staleness-Bound"))
            #expect(Int(bound) ?? .max < 5_000)
            #expect(response.header("Cache-Control")?.contains("no-cache") == true)
            #expect(response.values(of: "Vary").joined(separator: ",").contains("X-Namespace"))
        }
        let missing = try await client.hit("\(catalog.list)/missing")
        #expect(missing.status == 404)
        #expect(missing.header("X-Catalog-Revision") != nil)
    }

    @Test("an answer that the client has is not sent again", arguments: Catalog.all)
    func notModified(catalog: Catalog) async throws {
        let client = try await SharedServer.get().client
        let list = try await client.hit(catalog.list)
        let name = try #require(try list.names().first)
        var paths = [
            catalog.list, "\(catalog.list)/\(encoded(name))", "\(catalog.list)?pageSize=1",
        ]
        if catalog.convention == .model {
            let source = try #require(try list.items().first?["source_id"]?.stringValue)
            paths.append("\(catalog.base)/sources/\(source)/models/\(encoded(name))")
        }
        for path in paths {
            let connection = try await client.connect()
            let tag = try #require(try await connection.get(path).header("ETag"))
            for condition in [tag, "W/\(tag)", "\"0-0000000000000000\", \(tag)", "*"] {
                for method in ["GET", "HEAD"] {
                    let response = try await connection.send(
                        method, path, headers: ["If-None-Match": condition])
                    #expect(response.status == 304, "\(method) \(path) \(condition)")
                    #expect(response.body.count == 0)
                    #expect(response.header("ETag") == tag)
                }
            }
            for condition in ["\"0-0000000000000000\"", "\"x\"", "", "garbage", "\""] {
                let response = try await connection.get(path, headers: ["If-None-Match": condition])
                #expect(response.status == 200, "\(path) \(condition)")
            }
        }
    }

    @Test("discovery is validated too", arguments: discoveryPaths)
    func discoveryNotModified(path: String) async throws {
        let connection = try await SharedServer.get().client.connect()
        let tag = try #require(try await connection.get(path).header("ETag"))
        for condition in [tag, "W/\(tag)", "\"other\", \(tag)", "*"] {
            let response = try await connection.get(path, headers: ["If-None-Match": condition])
            #expect(response.status == 304, "\(condition)")
            #expect(response.body.count == 0)
            #expect(response.header("ETag") == tag)
        }
        let other = try await connection.get(path, headers: ["If-None-Match": "\"other\""])
        #expect(other.status == 200)
    }

    @Test("a client can ask for the store's answer, which is the same", arguments: Catalog.all)
    func bypass(catalog: Catalog) async throws {
        let client = try await SharedServer.get().client
        let name = try #require(try await client.hit(catalog.list).names().first)
        for path in [
            catalog.list, "\(catalog.list)/\(encoded(name))", "\(catalog.list)?pageSize=3",
            target(catalog.list, ["filterQuery": "name LIKE '%e%'", "sortOrder": "DESC"]),
        ] {
            let cached = try await client.hit(path)
            let stored = try await client.get(path, headers: ["Cache-Control": "no-cache"])
            #expect(stored.header("X-Cache") == "BYPASS")
            #expect(stored.text == cached.text, "\(path)")
            #expect(stored.header("ETag") == cached.header("ETag"))
        }
    }

    @Test("without response caching nothing says that it was cached")
    func disabled() async throws {
        let server = try await ServerProcess.readyInMode(
            .init(environment: ["CATALOG_CACHE_ENABLED": "false"]))
        for path in Self.discoveryPaths {
            let response = try await server.client.get(path)
            #expect(response.status == 200)
            #expect(response.header("X-Cache") == nil)
        }
        for _ in 0..<3 {
            let response = try await server.client.get(Catalog.agents.list)
            #expect(response.status == 200)
            #expect(response.header("X-Cache") != "HIT")
        }
        _ = try await server.terminate()
    }

    @Test("hits ask nothing of Postgres")
    func hitsWithoutQueries() async throws {
        let server = try await ServerProcess.readyInMode()
        var paths: [String] = ["/api/plugins", "/api/plugins/mcp/capabilities"]
        for catalog in Catalog.all {
            let name = try #require(try await server.client.hit(catalog.list).names().first)
            paths += [catalog.list, "\(catalog.list)/\(encoded(name))", "\(catalog.list)/missing"]
            paths.append(target(catalog.list, ["filterQuery": "name LIKE '%a%'"]))
            paths.append("\(catalog.list)?sortOrder=DESC&pageSize=2")
        }
        for path in paths { _ = try await server.client.get(path) }
        let connection = try await server.client.connect()
        let before = try #require(try await server.metric("catalog_postgres_queries"))
        let began = ContinuousClock.now
        for number in 0..<500 {
            let response = try await connection.get(paths[number % paths.count])
            #expect(response.header("X-Cache") == "HIT")
        }
        let after = try #require(try await server.metric("catalog_postgres_queries"))
        let seconds = began.duration(to: .now) / .seconds(1)
        // What happens anyway: heads are polled a few times a second, jobs every five.
        #expect(after - before <= 20 + 20 * seconds, "\(after - before) queries in \(seconds) s")
        #expect(after - before < 250)
        _ = try await server.terminate()
    }
}

/// A server of which each test reads a collection that nobody has read before.
enum ServerCache {
    private static let starting = Task { try await ServerProcess.readyInMode() }

    static func fresh() async throws -> ServerProcess { try await starting.value }
}
